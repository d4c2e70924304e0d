// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
// The matmul peak, which MFU divides by.
#include "kernels/cpu/cpu_backend.h"
#include "kernels/peak.h"
#include "kernels/reference/reference_backend.h"
#include "tests/support/deferred_backend.h"

#include <QtTest>

#include <chrono>
#include <thread>

using namespace moe::kernels;

namespace {

/// Every product takes 6 ms more, as on a machine that others use.
class BusyBackend : public moe::tests::DeferredBackend {
public:
    using DeferredBackend::DeferredBackend;

    void projectionForward(const TensorView& x, const PackedMatrix& w, const TensorView& addend,
        const TensorView& y) override
    {
        m_products.push_back(x.shape[0]);
        std::this_thread::sleep_for(std::chrono::milliseconds(6));
        DeferredBackend::projectionForward(x, w, addend, y);
    }

    const std::vector<int64_t>& products() const { return m_products; }

private:
    std::vector<int64_t> m_products; ///< their sizes
};

} // namespace

class PeakTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    /// A peak of 64 × 64 products is below what training reaches: the MFU came out above 1.
    void aBusyMachineIsMeasuredWithLargeProductsToo()
    {
        BusyBackend backend(makeCpuBackend(1));
        QVERIFY(measureMatmulPeak(backend, DType::Float32) > 0);
        QVERIFY2(backend.products().back() >= 512, "small products");
        QVERIFY2(backend.products().size() >= 3, "few products");
    }

    void peakIsPlausibleAndLeavesNothing()
    {
        const auto backend = makeReferenceBackend();
        for (const DType type : {DType::Float32, DType::BFloat16}) {
            const double peak = measureMatmulPeak(*backend, type);
            QVERIFY2(peak > 1e6 && peak < 1e12, qPrintable(QString::number(peak)));
        }
        QCOMPARE(backend->memory().totalBytes, 0);
    }
};

QTEST_GUILESS_MAIN(PeakTest)
#include "peak_test.moc"
