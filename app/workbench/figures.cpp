// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/workbench/figures.h"

#include "engine/telemetry/run_store.h"
#include "ui/shell/machine.h"

#include <QStringList>

#include <cmath>
#include <cstdio>
#include <memory>

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

/// `last` becomes the last step that the store has (its writer may be a second behind).
QStringList readFigures(const std::filesystem::path& store, int64_t steps, int64_t& last)
{
    const telemetry::RunStore reader(store, telemetry::RunStore::Mode::ReadOnly);
    QStringList lines;
    for (const auto& record : reader.steps(reader.find("last").id, last + 1, steps)) {
        if (record.step == 1 || record.step % kEvery == 0 || record.step == steps)
            lines += figuresOf(record, steps);
        last = record.step;
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

void FigurePrinter::print()
{
    if (m_reading)
        return;
    m_reading = true;
    const auto last = std::make_shared<int64_t>(m_printed);
    shell::runAside(
        this,
        [store = m_store, steps = m_steps, last] {
            return readFigures(store, steps, *last).join(QLatin1Char('\n'));
        },
        [this, last](const QString& lines) {
            if (!lines.isEmpty())
                std::puts(qUtf8Printable(lines));
            std::fflush(stdout);
            m_reading = false;
            m_printed = *last;
        });
}

} // namespace moe::workbench
