// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "kernels/error.h"
#include "kernels/reference/reference_backend.h"
#include "tests/support/deferred_backend.h"

#include <QTest>

#include <cerrno>
#include <cmath>
#include <unistd.h>
#include <vector>

/// That the tests' own backend is as unkind as it says.

using namespace moe::kernels;
using moe::tests::DeferredBackend;

namespace {

/// Asks the kernel, which answers EFAULT where a program would crash.
bool readable(const void* address)
{
    int ends[2];
    if (pipe(ends) != 0)
        return true;
    const bool wrote = write(ends[1], address, 1) == 1;
    close(ends[0]);
    close(ends[1]);
    return wrote || errno != EFAULT;
}

} // namespace

class DeferredBackendTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void memoryCannotBeRead()
    {
        DeferredBackend backend(makeReferenceBackend());
        const Tensor tensor = backend.allocate({5}, DType::Float32, MemoryKind::Activations);
        const float here = 0;
        QVERIFY(readable(&here));
        QVERIFY(!readable(tensor.view().data));
        backend.synchronize();
        QVERIFY(!readable(tensor.view().data));
    }

    void freshMemoryIsNotANumber()
    {
        DeferredBackend backend(makeReferenceBackend());
        const Tensor tensor = backend.allocate({5}, DType::Float32, MemoryKind::Activations);
        std::vector<float> values(5);
        backend.download(values.data(), tensor);
        for (const float value : values)
            QVERIFY(std::isnan(value));
    }

    void nothingRunsBeforeItIsWaitedFor()
    {
        auto reference = makeReferenceBackend();
        const Backend& inner = *reference;
        DeferredBackend backend(std::move(reference));
        {
            const Tensor tensor = backend.allocate({5}, DType::Float32, MemoryKind::Activations);
            QCOMPARE(inner.memory().totalPeakBytes, 0);
            backend.synchronize();
            QCOMPARE(inner.memory().totalBytes, 20);
        }
        QCOMPARE(inner.memory().totalBytes, 20); // freeing waits, too
        QCOMPARE(backend.memory().totalBytes, 0);
    }

    void uploadCopiesItsSource()
    {
        DeferredBackend backend(makeReferenceBackend());
        const Tensor tensor = backend.allocate({2}, DType::Float32, MemoryKind::Activations);
        std::vector<float> values{1, 2};
        backend.upload(tensor, values.data());
        values = {3, 4};
        backend.download(values.data(), tensor.view());
        QCOMPARE(values, (std::vector<float>{1, 2}));
    }

    void refusesFreedAndForeignMemory()
    {
        DeferredBackend backend(makeReferenceBackend());
        TensorView gone;
        {
            const Tensor tensor = backend.allocate({5}, DType::Float32, MemoryKind::Activations);
            gone = tensor;
            const TensorView beyond{gone.data, {6}, DType::Float32};
            QVERIFY_THROWS_EXCEPTION(moe::Error, backend.zero(beyond));
        }
        QVERIFY_THROWS_EXCEPTION(moe::Error, backend.zero(gone));
        float here = 0;
        QVERIFY_THROWS_EXCEPTION(moe::Error, backend.zero({&here, {1}, DType::Float32}));
    }

    void errorsAppearWhenWaitedFor()
    {
        DeferredBackend backend(makeReferenceBackend());
        const Tensor two = backend.allocate({2}, DType::Float32, MemoryKind::Activations);
        const Tensor three = backend.allocate({3}, DType::Float32, MemoryKind::Activations);
        backend.add(two, three);
        backend.zero(three);
        QVERIFY_THROWS_EXCEPTION(moe::Error, backend.synchronize());
        backend.synchronize();
        std::vector<float> values(3, 1.0F);
        backend.download(values.data(), three.view());
        QCOMPARE(values, std::vector<float>(3, 0.0F));
    }
};

QTEST_GUILESS_MAIN(DeferredBackendTest)
#include "deferred_backend_test.moc"
