// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/training/readout_strip.h"

#include "ui/models/format.h"
#include "ui/shell/theme.h"
#include "ui/training/state_icon.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QPainter>
#include <QProgressBar>
#include <QPushButton>
#include <QVBoxLayout>

#include <algorithm>
#include <cmath>

namespace moe::training {

using models::formatCount;
using models::Metric;
using shell::makeLabel;
using shell::px;
using shell::TextRole;
using shell::Theme;
using shell::theme;

Readout::Readout(const QString& key, const QString& caption, const QString& unit, QWidget* parent)
    : QWidget(parent)
    , m_caption(caption)
    , m_value(models::unknownText())
    , m_unit(unit)
{
    setObjectName(QStringLiteral("readout") + key);
    setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);
}

void Readout::setValue(const QString& value)
{
    if (value == m_value)
        return;
    const int before = sizeHint().width();
    m_value = value;
    setAccessibleName(QStringLiteral("%1 %2").arg(m_caption, text()));
    if (sizeHint().width() != before)
        updateGeometry();
    update();
}

void Readout::setCaption(const QString& caption)
{
    if (caption == m_caption)
        return;
    m_caption = caption;
    updateGeometry();
    update();
}

QString Readout::text() const
{
    const bool known = m_value != models::unknownText();
    return m_unit.isEmpty() || !known ? m_value : m_value + models::narrowSpace() + m_unit;
}

QSize Readout::sizeHint() const
{
    const QFontMetrics caption(shell::font(TextRole::Caption));
    const QFontMetrics value(shell::numberFont(TextRole::Readout, true));
    const QFontMetrics unit(shell::font(TextRole::Secondary));
    const int below = value.horizontalAdvance(m_value)
        + (m_unit.isEmpty() ? 0 : unit.horizontalAdvance(m_unit) + px(3));
    return {std::max(caption.horizontalAdvance(m_caption), below) + 1, px(46)};
}

void Readout::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.setFont(shell::font(TextRole::Caption));
    painter.setPen(theme().text2);
    painter.drawText(QRect(0, 0, width(), px(18)), Qt::AlignLeft | Qt::AlignVCenter, m_caption);
    painter.setFont(shell::numberFont(TextRole::Readout, true));
    painter.setPen(theme().text);
    const int base = px(38);
    painter.drawText(0, base, m_value);
    if (!m_unit.isEmpty() && m_value != models::unknownText()) {
        const int x = painter.fontMetrics().horizontalAdvance(m_value) + px(2);
        painter.setFont(shell::font(TextRole::Secondary));
        painter.setPen(theme().text3);
        painter.drawText(x, base, m_unit);
    }
}

ReadoutStrip::ReadoutStrip(QWidget* parent)
    : QWidget(parent)
    , m_left(new QWidget(this))
    , m_row(new QHBoxLayout(this))
{
    setObjectName(QStringLiteral("readoutStrip"));
    setFixedHeight(px(60));
    setBackgroundRole(QPalette::Base);
    setAutoFillBackground(true);
    m_row->setContentsMargins(0, 0, px(12), 1);
    m_row->setSpacing(0);
    buildLeft();
    buildProgress();
    buildReadouts();
}

void ReadoutStrip::buildLeft()
{
    m_name = makeLabel(tr("No run"), TextRole::Section, &Theme::text, true, m_left);
    m_name->setObjectName(QStringLiteral("runName"));
    m_name->setMinimumWidth(px(40));
    m_stateIcon = new QLabel(m_left);
    m_state = makeLabel({}, TextRole::Secondary, &Theme::text2, false, m_left);
    m_state->setObjectName(QStringLiteral("runState"));
    m_pause = new QPushButton(tr("Pause"), m_left);
    m_pause->setObjectName(QStringLiteral("pauseButton"));
    m_stop = new QPushButton(m_left);
    m_stop->setObjectName(QStringLiteral("stopTrainingButton"));
    m_stop->setIcon(shell::icon(QStringLiteral("square")));
    m_stop->setToolTip(tr("Stop and save"));
    m_stop->setAccessibleName(tr("Stop and save"));
    connect(m_pause, &QPushButton::clicked, this, &ReadoutStrip::pauseClicked);
    connect(m_stop, &QPushButton::clicked, this, &ReadoutStrip::stopClicked);

    auto* words = new QVBoxLayout;
    words->setSpacing(0);
    words->setContentsMargins(0, px(10), 0, px(10));
    words->addWidget(m_name);
    auto* state = new QHBoxLayout;
    state->setSpacing(px(4));
    state->addWidget(m_stateIcon);
    state->addWidget(m_state, 1);
    words->addLayout(state);
    auto* row = new QHBoxLayout(m_left);
    row->setContentsMargins(px(12), 0, px(12), 0);
    row->setSpacing(px(10));
    row->addLayout(words, 1);
    row->addWidget(m_pause);
    row->addWidget(m_stop);
    m_row->addWidget(m_left);
}

void ReadoutStrip::buildProgress()
{
    m_progressBox = new QWidget(this);
    m_step = makeLabel({}, TextRole::Secondary, &Theme::text2, false, m_progressBox);
    m_step->setObjectName(QStringLiteral("progressStep"));
    m_step->setTextFormat(Qt::RichText);
    m_timeLeft = makeLabel({}, TextRole::Secondary, &Theme::text2, false, m_progressBox);
    m_timeLeft->setObjectName(QStringLiteral("progressLeft"));
    m_bar = new QProgressBar(m_progressBox);
    m_bar->setTextVisible(false);
    m_bar->setRange(0, 10'000);
    m_bar->setFixedHeight(px(6));
    m_bar->setAccessibleName(tr("Progress of the run"));
    m_percent = makeLabel({}, TextRole::Caption, &Theme::text2, false, m_progressBox);
    m_percent->setObjectName(QStringLiteral("progressPercent"));
    m_tokens = makeLabel({}, TextRole::Caption, &Theme::text2, false, m_progressBox);
    m_tokens->setObjectName(QStringLiteral("progressTokens"));
    for (QLabel* label : {m_timeLeft, m_tokens})
        label->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
    auto* column = new QVBoxLayout(m_progressBox);
    column->setContentsMargins(px(16), px(6), px(24), px(4));
    column->setSpacing(px(3));
    auto* above = new QHBoxLayout;
    above->addWidget(m_step, 1);
    above->addWidget(m_timeLeft);
    auto* below = new QHBoxLayout;
    below->addWidget(m_percent, 1);
    below->addWidget(m_tokens);
    column->addLayout(above);
    column->addWidget(m_bar);
    column->addLayout(below);
    m_progressBox->setFixedWidth(px(312));
    m_row->addWidget(m_progressBox);
}

void ReadoutStrip::buildReadouts()
{
    m_row->addSpacing(px(16));
    const auto add = [this](const char* key, const QString& caption, const QString& unit = {}) {
        auto* readout = new Readout(QString::fromLatin1(key), caption, unit, this);
        m_row->addWidget(readout, 0, Qt::AlignVCenter);
        m_row->addSpacing(px(20));
        return readout;
    };
    m_figures.loss = add("Loss", tr("Loss"));
    m_figures.valid = add("Validation", tr("Validation"));
    m_figures.drop = add("DropRate", tr("Drop rate, mean"), QStringLiteral("%"));
    m_figures.lr = add("LearningRate", tr("Learning rate"));
    m_figures.grad = add("GradNorm", tr("Gradient norm"));
    m_figures.tokens = add("TokensPerSecond", tr("Tokens/s"));
    m_figures.step = add("StepTime", tr("Step time"), tr("s", "seconds"));
    m_figures.mfu = add("Mfu", tr("MFU, 6N + causal attention"), QStringLiteral("%"));
    m_figures.loss->setToolTip(tr("Cross-entropy plus weighted auxiliary losses, last step"));
    m_figures.drop->setToolTip(
        tr("Dropped assignments of all assignments, mean over layers, last step"));
    m_figures.mfu->setToolTip(tr("Model FLOPs utilisation: 6 × (attention + router + k experts + "
                                 "head) + 6 × layers × heads × head size × sequence length "
                                 "operations a token, as a share of the measured matmul peak"));
    m_row->addStretch(1);
}

void ReadoutStrip::setLeftWidth(int pixels)
{
    m_left->setFixedWidth(pixels);
}

void ReadoutStrip::setCompact(bool compact)
{
    if (compact == m_compact)
        return;
    m_compact = compact;
    m_figures.mfu->setCaption(compact ? tr("MFU") : tr("MFU, 6N + causal attention"));
    m_figures.grad->setVisible(!compact);
    m_figures.step->setVisible(!compact);
    m_progressBox->setFixedWidth(px(compact ? 282 : 312));
    m_row->invalidate();
}

QString ReadoutStrip::stateText(const models::RunData& run, bool paused) const
{
    if (run.info().id == 0 && run.isEmpty())
        return {};
    const double seconds = run.grid().trained.empty() ? 0 : run.grid().trained.back();
    const QString time = models::formatDuration(seconds);
    if (paused)
        return tr("Paused, %1").arg(time);
    switch (run.info().state) {
    case telemetry::RunState::Running:
        return tr("Running, %1").arg(time);
    case telemetry::RunState::Paused:
        return tr("Paused, %1").arg(time);
    case telemetry::RunState::Done:
        return tr("Done, %1").arg(time);
    case telemetry::RunState::Stopped:
        return tr("Stopped, %1").arg(time);
    case telemetry::RunState::Failed:
        return tr("Failed, %1").arg(time);
    case telemetry::RunState::Imported:
        return tr("Imported");
    }
    return {};
}

void ReadoutStrip::setPreparing(const QString& what, qint64 done, qint64 total)
{
    m_timeLeft->setText({});
    m_step->setText(what.toHtmlEscaped());
    m_bar->setValue(total > 0 ? static_cast<int>(10'000 * done / total) : 0);
    m_percent->setText(
        total > 0 ? tr("%1 of %2").arg(formatCount(done), formatCount(total)) : QString());
    m_tokens->setText({});
}

void ReadoutStrip::refresh(
    const models::RunData& run, const models::RunSettings& settings, bool live, bool paused)
{
    const telemetry::RunInfo& info = run.info();
    const QString name = info.name.empty() ? tr("No run") : QString::fromStdString(info.name);
    m_name->setText(m_name->fontMetrics().elidedText(
        name, Qt::ElideRight, std::max(px(60), m_left->width() - px(m_compact ? 100 : 140))));
    m_name->setToolTip(name);
    m_state->setText(stateText(run, paused));
    const telemetry::RunState shown = paused ? telemetry::RunState::Paused : info.state;
    const bool any = info.id != 0 || !run.isEmpty();
    m_stateIcon->setPixmap(any ? stateIcon(QString::fromLatin1(nameOf(shown)))
                                     .pixmap(QSize(px(12), px(12)), devicePixelRatioF())
                               : QPixmap());
    m_pause->setText(m_compact ? QString() : paused ? tr("Go on") : tr("Pause"));
    m_pause->setIcon(shell::icon(paused ? QStringLiteral("play") : QStringLiteral("pause")));
    const QString what = paused ? tr("Go on with the run") : tr("Pause the run");
    m_pause->setToolTip(live ? what : tr("Only a run of this window can be paused"));
    m_pause->setAccessibleName(what);
    m_pause->setEnabled(live);
    m_stop->setEnabled(live);
    m_stop->setToolTip(live ? tr("Stop and save") : tr("Only a run of this window can be stopped"));

    const int64_t step = run.lastStep(), total = settings.trainSteps;
    if (step > 0) {
        const QString bold = QStringLiteral("<b>%1</b>").arg(formatCount(step));
        m_step->setText(total > 0 ? tr("Step %1 of %2").arg(bold, formatCount(total))
                                  : tr("Step %1").arg(bold));
        const double done = total > 0 ? static_cast<double>(step) / static_cast<double>(total) : 0;
        m_bar->setValue(static_cast<int>(std::lround(10'000 * std::min(1.0, done))));
        m_percent->setText(total > 0
                ? models::formatFixed(100 * done, 1) + models::narrowSpace() + QStringLiteral("%")
                : QString());
        const double tokens = run.latest(Metric::Tokens);
        const auto planned = static_cast<double>(settings.tokensPerStep * total);
        m_tokens->setText(planned > 0
                ? tr("%1 of %2 tokens")
                      .arg(models::formatCompact(tokens), models::formatCompact(planned))
                : tr("%1 tokens").arg(models::formatCompact(tokens)));
        // The rest at the pace of the last hundred steps.
        const std::vector<double>& trained = run.grid().trained;
        const std::vector<double>& steps = run.grid().step;
        const size_t from = trained.size() > 100 ? trained.size() - 100 : 0;
        const double span = steps.back() - (from > 0 ? steps[from] : 0);
        const double pace = (trained.back() - (from > 0 ? trained[from] : 0)) / std::max(1.0, span);
        const bool running = info.state == telemetry::RunState::Running && total > step;
        m_timeLeft->setText(running ? tr("%1 left").arg(
                                models::formatDuration(pace * static_cast<double>(total - step)))
                                    : QString());
    } else if (!live) {
        for (QLabel* label : {m_step, m_timeLeft, m_percent, m_tokens})
            label->setText({});
        m_bar->setValue(0);
    }

    m_figures.loss->setValue(models::formatLoss(run.latest(Metric::Loss)));
    m_figures.valid->setValue(
        run.valid().empty() ? models::unknownText() : models::formatLoss(run.valid().back()));
    m_figures.drop->setValue(run.meanDropRate().empty()
            ? models::unknownText()
            : models::formatPercent(run.meanDropRate().back()));
    m_figures.lr->setValue(models::formatLearningRate(run.latest(Metric::LearningRate)));
    m_figures.grad->setValue(models::formatFixed(run.latest(Metric::GradNorm), 2));
    const double rate = run.latest(Metric::TokensPerSecond);
    m_figures.tokens->setValue(
        std::isfinite(rate) ? formatCount(std::llround(rate)) : models::unknownText());
    m_figures.step->setValue(models::formatFixed(run.latest(Metric::StepSeconds), 2));
    m_figures.mfu->setValue(models::formatPercent(run.latest(Metric::Mfu), 1));
}

void ReadoutStrip::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.fillRect(QRect(0, height() - 1, width(), 1), theme().line);
    painter.fillRect(QRect(m_left->width() - 1, 0, 1, height()), theme().line);
    const int divider = m_progressBox->geometry().right() - px(1);
    painter.fillRect(QRect(divider, px(12), 1, height() - px(24)), theme().line);
}

} // namespace moe::training
