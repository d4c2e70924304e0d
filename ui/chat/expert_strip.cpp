// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/chat/expert_strip.h"

#include "ui/chat/routing_tooltip.h"
#include "ui/models/format.h"
#include "ui/shell/theme.h"

#include <QComboBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QLinearGradient>
#include <QPainter>
#include <QSignalBlocker>
#include <QVBoxLayout>

#include <algorithm>

namespace moe::chat {

using models::formatFixed;
using shell::px;
using shell::TextRole;
using shell::theme;

namespace {

/// The scale of the weights.
class Ramp : public QWidget {
public:
    using QWidget::QWidget;

protected:
    void paintEvent(QPaintEvent*) override
    {
        QPainter painter(this);
        QLinearGradient ramp(0, 0, width(), 0);
        const auto& stops = theme().sequential;
        for (size_t i = 1; i < stops.size(); ++i)
            ramp.setColorAt(
                static_cast<double>(i - 1) / static_cast<double>(stops.size() - 2), stops[i]);
        painter.fillRect(rect(), ramp);
    }
};

} // namespace

QString shownToken(const std::string& text)
{
    QString shown = QString::fromUtf8(text.data(), static_cast<qsizetype>(text.size()));
    shown.replace(QLatin1Char('\n'), QChar(0x23CE));
    shown.replace(QLatin1Char('\t'), QChar(0x21E5));
    shown.replace(QLatin1Char(' '), QChar(0x00B7));
    return shown;
}

ExpertStrip::ExpertStrip(QWidget* parent)
    : QWidget(parent)
    , m_what(shell::makeLabel({}, TextRole::Secondary, &shell::Theme::text2, false, this))
    , m_low(shell::makeLabel({}, TextRole::Secondary, &shell::Theme::text2, false, this))
    , m_high(shell::makeLabel({}, TextRole::Secondary, &shell::Theme::text2, false, this))
    , m_ramp(new Ramp(this))
    , m_layers(new QComboBox(this))
    , m_canvas(new StripCanvas(this))
    , m_tooltip(new RoutingTooltip(this))
{
    m_layers->setObjectName(QStringLiteral("stripLayer"));
    m_layers->setAccessibleName(tr("Layer"));
    shell::makeSmall(m_layers);
    m_ramp->setFixedSize(px(62), px(8));
    auto* row = new QHBoxLayout;
    row->setContentsMargins(0, 0, 0, px(3));
    row->setSpacing(px(8));
    row->addWidget(
        shell::makeLabel(tr("Experts"), TextRole::Secondary, &shell::Theme::text, true, this));
    row->addWidget(m_layers);
    row->addWidget(m_what);
    row->addStretch(1);
    row->addWidget(m_low);
    row->addWidget(m_ramp);
    row->addWidget(m_high);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addLayout(row);
    column->addWidget(m_canvas);
    connect(m_layers, &QComboBox::activated, this, [this](int index) {
        setLayer(index);
        Q_EMIT layerChosen(index);
    });
    connect(m_canvas, &StripCanvas::stepLayer, this, [this](int by) {
        const int next = std::clamp(layer() + by, 0, m_layers->count() - 1);
        setLayer(next);
        Q_EMIT layerChosen(next);
    });
    connect(m_canvas, &StripCanvas::currentChanged, this, [this](int token) {
        showTooltip(token);
        Q_EMIT tokenHovered(token);
    });
}

void ExpertStrip::setRouting(const chats::ReplyRouting* routing, bool live)
{
    m_routing = routing;
    m_live = live;
    m_canvas->setLive(live);
    m_canvas->setRouting(routing); // before its layers: the one shown till now may be gone
    fillLayers();
    if (m_canvas->current() < 0)
        m_tooltip->hide();
    describe();
}

void ExpertStrip::fillLayers()
{
    const auto layers = m_routing != nullptr ? m_routing->layers : decltype(m_listed)();
    if (layers == m_listed)
        return;
    m_listed = layers;
    const QSignalBlocker quiet(m_layers);
    const int chosen = m_layers->currentIndex();
    m_layers->clear();
    for (const auto& layer : layers)
        m_layers->addItem(tr("Layer %1").arg(layer.layer));
    // the middle: neither the embedding's layers nor the head's say most
    m_layers->setCurrentIndex(
        chosen >= 0 && chosen < m_layers->count() ? chosen : (m_layers->count() - 1) / 2);
    m_canvas->setLayer(std::max(0, m_layers->currentIndex()));
}

void ExpertStrip::setLayer(int row)
{
    if (row < 0 || row >= m_layers->count())
        return;
    const QSignalBlocker quiet(m_layers);
    m_layers->setCurrentIndex(row);
    m_canvas->setLayer(row);
    describe();
    if (m_tooltip->isVisible())
        showTooltip(m_canvas->current());
}

void ExpertStrip::showLayer(int64_t layer)
{
    const auto found = std::ranges::find(m_listed, layer, &chats::ReplyRouting::Layer::layer);
    if (found != m_listed.end())
        setLayer(static_cast<int>(found - m_listed.begin()));
}

int ExpertStrip::layer() const
{
    return std::max(0, m_layers->currentIndex());
}

void ExpertStrip::describe()
{
    if (m_routing == nullptr || m_routing->layers.empty())
        return;
    const auto& layer = m_routing->layers[static_cast<size_t>(this->layer())];
    const auto tokens = static_cast<int>(m_routing->ids.size());
    m_what->setText((m_live ? tr("%n tokens so far, each routed to %1 of %2", nullptr, tokens)
                            : tr("%n tokens, each routed to %1 of %2", nullptr, tokens))
                        .arg(layer.chosen)
                        .arg(layer.experts));
    const auto [low, high] = m_canvas->weightRange();
    m_low->setText(tr("weight %1").arg(formatFixed(low, 1)));
    m_high->setText(formatFixed(high, 1));
    fitWords();
}

void ExpertStrip::showTooltip(int column)
{
    if (column < 0 || m_routing == nullptr || column >= m_routing->columns()) {
        m_tooltip->hide();
        return;
    }
    const QRect at = m_canvas->columnRect(column);
    m_tooltip->showBeside(
        QRect(m_canvas->mapToGlobal(at.topLeft()), at.size()), *m_routing, column, layer());
    m_canvas->setAccessibleDescription(m_tooltip->description());
}

void ExpertStrip::fitWords()
{
    int others = px(70); // "Experts" and the gaps
    for (const QWidget* part : std::initializer_list<QWidget*>{m_layers, m_low, m_high, m_ramp})
        others += part->minimumSize().expandedTo(part->sizeHint()).width() + px(8);
    m_what->setVisible(width() > m_what->sizeHint().width() + others);
}

void ExpertStrip::resizeEvent(QResizeEvent*)
{
    fitWords();
}

} // namespace moe::chat
