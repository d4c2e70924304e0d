// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/workbench/figures.h"

#include "engine/telemetry/run_store.h"
#include "ui/shell/machine.h"

#include <QStringList>

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace moe::workbench {

namespace {

constexpr int64_t kEvery = 10;

/// Mean over the layers that know it; NaN when none does.
template <typename Value> double meanOver(const telemetry::StepRecord& record, Value value)
{
    double sum = 0;
    int count = 0;
    for (const auto& layer : record.layers) {
        const double one = value(layer);
        if (!std::isnan(one)) {
            sum += one;
            ++count;
        }
    }
    return count > 0 ? sum / count : std::nan("");
}

QStringList readFigures(
    const std::filesystem::path& store, int64_t after, int64_t upTo, int64_t steps)
{
    const telemetry::RunStore reader(store, telemetry::RunStore::Mode::ReadOnly);
    const int64_t run = reader.find("last").id;
    QStringList lines;
    for (const auto& record : reader.steps(run, after + 1, upTo)) {
        if (record.step == 1 || record.step % kEvery == 0 || record.step == steps)
            lines += figuresOf(record, steps);
    }
    return lines;
}

} // namespace

QString figuresOf(const telemetry::StepRecord& record, int64_t steps)
{
    const double dropRate
        = meanOver(record, [](const telemetry::LayerRecord& layer) { return layer.dropRate(); });
    const double alpha
        = meanOver(record, [](const telemetry::LayerRecord& layer) { return layer.alpha; });
    QString line = QStringLiteral("step %1 of %2  loss %3")
                       .arg(record.step)
                       .arg(steps)
                       .arg(record.loss, 0, 'f', 3);
    if (!std::isnan(dropRate))
        line += QStringLiteral("  drop rate %1 %").arg(dropRate * 100, 0, 'f', 2);
    if (!std::isnan(alpha))
        line += QStringLiteral("  alpha %1").arg(alpha, 0, 'f', 4);
    line += QStringLiteral("  lr %1  tokens/s %2")
                .arg(record.lr, 0, 'e', 2)
                .arg(record.tokensPerSecond, 0, 'f', 0);
    if (record.mfu > 0)
        line += QStringLiteral("  MFU %1 %").arg(record.mfu * 100, 0, 'f', 1);
    if (record.validLoss)
        line += QStringLiteral("  validation %1").arg(*record.validLoss, 0, 'f', 3);
    return line;
}

FigurePrinter::FigurePrinter(std::filesystem::path store, int64_t steps, QObject* parent)
    : QObject(parent)
    , m_store(std::move(store))
    , m_steps(steps)
{
}

void FigurePrinter::print(int64_t step)
{
    m_wanted = std::max(m_wanted, step);
    if (m_reading || m_wanted <= m_printed)
        return;
    m_reading = true;
    const int64_t upTo = m_wanted;
    shell::runAside(
        this,
        [store = m_store, after = m_printed, upTo, steps = m_steps] {
            return readFigures(store, after, upTo, steps).join(QLatin1Char('\n'));
        },
        [this, upTo](const QString& lines) {
            if (!lines.isEmpty())
                std::puts(qUtf8Printable(lines));
            std::fflush(stdout);
            m_reading = false;
            m_printed = upTo;
            Q_EMIT printed(upTo);
        });
}

} // namespace moe::workbench
