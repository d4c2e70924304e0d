// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/machine_panel.h"

#include "ui/shell/theme.h"

#include <QFrame>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QPainter>
#include <QPushButton>
#include <QTimer>
#include <QVBoxLayout>

#include <functional>

namespace moe::shell {

namespace {

/// A one-pixel line in the theme's colour, as wide as it is let be.
class Line : public QWidget {
public:
    using QWidget::QWidget;
    QSize sizeHint() const override { return {1, 1}; }

protected:
    void paintEvent(QPaintEvent*) override { QPainter(this).fillRect(rect(), theme().line); }
};

constexpr int kRefreshMilliseconds = 5000;

} // namespace

MachinePanel::MachinePanel(QWidget* parent)
    : QWidget(parent)
{
    const auto cell = [this](const QString& text, QColor Theme::*color, bool right) {
        QLabel* label = makeLabel(text, TextRole::Secondary, color, false, this);
        label->setFont(right ? numberFont(TextRole::Secondary) : shell::font(TextRole::Secondary));
        label->setAlignment((right ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter);
        label->setFixedHeight(px(24));
        return label;
    };
    auto* grid = new QGridLayout;
    grid->setContentsMargins(0, 0, 0, 0);
    grid->setHorizontalSpacing(px(16));
    grid->setVerticalSpacing(0);
    grid->addWidget(cell(tr("Device"), &Theme::text2, false), 0, 0);
    grid->addWidget(cell(tr("Memory free, GB"), &Theme::text2, true), 0, 1);
    grid->addWidget(cell(tr("State"), &Theme::text2, true), 0, 2);
    auto* line = new Line(this);
    line->setFixedHeight(1);
    grid->addWidget(line, 1, 0, 1, 3);
    m_device = cell(tr("CPU"), &Theme::text, false);
    m_memory = cell(QStringLiteral("—"), &Theme::text, true);
    m_state = cell(tr("idle"), &Theme::text, true);
    grid->addWidget(m_device, 2, 0);
    grid->addWidget(m_memory, 2, 1);
    grid->addWidget(m_state, 2, 2);
    grid->setColumnStretch(0, 1);

    m_measure = new QPushButton(tr("Measure devices"), this);
    m_measure->setObjectName(QStringLiteral("measureButton"));
    makeSmall(m_measure);
    m_result = makeLabel({}, TextRole::Secondary, &Theme::text2, false, this);
    m_result->setObjectName(QStringLiteral("measureResult"));
    m_result->setWordWrap(true);
    auto* row = new QHBoxLayout;
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(px(12));
    row->addWidget(m_measure);
    row->addWidget(m_result, 1);

    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(px(8));
    column->addLayout(grid);
    column->addLayout(row);

    connect(m_measure, &QPushButton::clicked, this, &MachinePanel::measure);
    setMeasurement({});
    auto* timer = new QTimer(this);
    timer->callOnTimeout(this, [this] {
        if (isVisible())
            refresh();
    });
    timer->start(kRefreshMilliseconds);
    refresh();
}

void MachinePanel::setState(const QString& state)
{
    m_state->setText(state);
}

void MachinePanel::setMeasurement(std::function<QString()> measure)
{
    m_measurement = std::move(measure);
    m_measure->setEnabled(bool(m_measurement));
    m_measure->setToolTip(m_measurement
            ? tr("Times large matrix products: the peak that MFU is a share of")
            : tr("This build has no device that can be measured"));
}

void MachinePanel::refresh()
{
    readMachine(this, [this](const MachineFacts& facts) { showFacts(facts); });
}

void MachinePanel::showFacts(const MachineFacts& facts)
{
    m_device->setText(tr("CPU, %n core(s)", nullptr, facts.cores));
    m_memory->setText(facts.memoryBytes > 0
            ? tr("%1 of %2", "memory free of all")
                  .arg(gigabytes(facts.freeBytes), gigabytes(facts.memoryBytes))
            : QStringLiteral("—"));
    Q_EMIT factsRead(facts);
}

void MachinePanel::measure()
{
    m_measure->setEnabled(false);
    m_result->setText(tr("Measuring…"));
    runAside(this, m_measurement, [this](const QString& line) {
        m_result->setText(line);
        m_measure->setEnabled(true);
    });
}

} // namespace moe::shell
