// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "kernels/bfloat16.h"
#include "kernels/error.h"
#include "kernels/host_memory.h"
#include "kernels/out_of_memory.h"
#include "kernels/reference/reference_backend.h"

#include <QTest>

#include <array>
#include <cmath>
#include <limits>
#include <thread>
#include <vector>

using namespace moe::kernels;

class HostMemoryTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void countsByKindAndInTotal()
    {
        HostMemory memory;
        void* weights = memory.allocate(100, MemoryKind::Weights);
        void* gradients = memory.allocate(30, MemoryKind::Gradients);
        memory.release(weights, 100, MemoryKind::Weights);
        MemoryUse use = memory.use();
        QCOMPARE(use.bytes[static_cast<size_t>(MemoryKind::Weights)], 0);
        QCOMPARE(use.peakBytes[static_cast<size_t>(MemoryKind::Weights)], 100);
        QCOMPARE(use.totalBytes, 30);
        QCOMPARE(use.totalPeakBytes, 130);

        memory.resetPeak();
        use = memory.use();
        QCOMPARE(use.peakBytes[static_cast<size_t>(MemoryKind::Weights)], 0);
        QCOMPARE(use.totalPeakBytes, 30);
        memory.release(gradients, 30, MemoryKind::Gradients);
        QCOMPARE(memory.use().totalBytes, 0);
    }

    void isAlignedAndNeverNull()
    {
        HostMemory memory;
        for (const int64_t bytes : {0, 1, 63, 64, 65, 100000}) {
            const HostBlock block(memory, bytes, MemoryKind::Workspace);
            QVERIFY(block.data());
            QCOMPARE(reinterpret_cast<uintptr_t>(block.data()) % kHostAlignment, 0U);
            QCOMPARE(memory.use().totalBytes, bytes);
        }
        QCOMPARE(memory.use().totalBytes, 0);
    }

    void refusesWhatDoesNotExist()
    {
        HostMemory memory;
        for (const int64_t bytes : {int64_t{-1}, int64_t{1} << 61, INT64_MAX})
            QVERIFY_THROWS_EXCEPTION(moe::OutOfMemory, memory.allocate(bytes, MemoryKind::Weights));
        QCOMPARE(memory.use().totalBytes, 0);
        QCOMPARE(memory.use().totalPeakBytes, 0);
    }

    void countsFromManyThreads()
    {
        HostMemory memory;
        std::array<std::thread, 4> threads;
        for (std::thread& thread : threads) {
            thread = std::thread([&memory] {
                for (int i = 0; i < 2000; ++i)
                    const HostBlock block(memory, i, MemoryKind::Activations);
            });
        }
        for (std::thread& thread : threads)
            thread.join();
        QCOMPARE(memory.use().totalBytes, 0);
        QVERIFY(memory.use().totalPeakBytes >= 1999);
    }

    void bfloat16WidensExactly()
    {
        for (uint32_t bits = 0; bits <= 0xFFFF; ++bits) {
            BFloat16 value;
            value.bits = static_cast<uint16_t>(bits);
            const auto wide = static_cast<float>(value);
            if (std::isnan(wide))
                QVERIFY(std::isnan(static_cast<float>(BFloat16(wide))));
            else
                QCOMPARE(BFloat16(wide).bits, value.bits);
        }
    }

    /// Between any two neighbours: below the middle down, above it up, at it to the even one.
    void bfloat16RoundsToNearestEven()
    {
        for (uint32_t bits = 0; bits < 0x7F7F; ++bits) { // all finite positive ones but the largest
            const float middle = std::bit_cast<float>((bits << 16U) | 0x8000U);
            const float below = std::nextafter(middle, 0.0F);
            const float above = std::nextafter(middle, std::numeric_limits<float>::max());
            QCOMPARE(BFloat16(below).bits, bits);
            QCOMPARE(BFloat16(above).bits, bits + 1);
            QCOMPARE(BFloat16(middle).bits, bits + (bits & 1U));
            QCOMPARE(BFloat16(-middle).bits, 0x8000U + bits + (bits & 1U));
        }
        QCOMPARE(BFloat16(std::numeric_limits<float>::max()).bits, 0x7F80); // infinity
        QCOMPARE(BFloat16(std::numeric_limits<float>::infinity()).bits, 0x7F80);
    }
};

QTEST_GUILESS_MAIN(HostMemoryTest)
#include "host_memory_test.moc"
