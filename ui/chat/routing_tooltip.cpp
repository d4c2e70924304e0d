// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/chat/routing_tooltip.h"

#include "ui/chat/expert_strip.h"
#include "ui/models/format.h"
#include "ui/shell/theme.h"

#include <QPainter>
#include <QScreen>

#include <algorithm>
#include <cmath>

namespace moe::chat {

using models::formatFixed;
using shell::px;
using shell::TextRole;
using shell::theme;

namespace {

constexpr int kWidth = 314, kLine = 18, kInset = 11, kBar = 80;

QString known(double value)
{
    return std::isnan(value) ? models::unknownText() : formatFixed(value, 3);
}

} // namespace

RoutingTooltip::RoutingTooltip(QWidget* parent)
    : QWidget(parent, Qt::ToolTip | Qt::FramelessWindowHint)
{
    setAttribute(Qt::WA_ShowWithoutActivating);
    setAttribute(Qt::WA_TransparentForMouseEvents);
    setAttribute(Qt::WA_TranslucentBackground);
    setObjectName(QStringLiteral("routingTooltip"));
}

std::vector<RoutingTooltip::Choice> RoutingTooltip::choices() const
{
    std::vector<Choice> all;
    const auto row = static_cast<size_t>(m_layerRow);
    const auto& layer = m_routing.layers[row];
    const auto first = static_cast<size_t>(m_routing.offsetOf(row));
    for (int i = 0; i < layer.chosen + layer.extra; ++i) {
        const auto at = first + static_cast<size_t>(i);
        if (m_routing.experts[at] == chats::ReplyRouting::kNone)
            continue;
        const bool chosen = i < layer.chosen;
        const auto value = static_cast<double>(m_routing.weights[at]);
        const double gate = !chosen       ? value
            : at < m_routing.gates.size() ? static_cast<double>(m_routing.gates[at])
                                          : NAN;
        all.push_back({m_routing.experts[at], chosen ? value : NAN, gate, chosen});
    }
    return all;
}

void RoutingTooltip::showBeside(
    const QRect& column, const chats::ReplyRouting& routing, int token, int layerRow)
{
    const auto width = static_cast<size_t>(routing.stride());
    const auto from = static_cast<size_t>(token) * width;
    m_routing = {};
    m_routing.layers = routing.layers;
    m_routing.experts.assign(routing.experts.begin() + static_cast<std::ptrdiff_t>(from),
        routing.experts.begin() + static_cast<std::ptrdiff_t>(from + width));
    m_routing.weights.assign(routing.weights.begin() + static_cast<std::ptrdiff_t>(from),
        routing.weights.begin() + static_cast<std::ptrdiff_t>(from + width));
    if (routing.gates.size() == routing.weights.size())
        m_routing.gates.assign(routing.gates.begin() + static_cast<std::ptrdiff_t>(from),
            routing.gates.begin() + static_cast<std::ptrdiff_t>(from + width));
    m_text = static_cast<size_t>(token) < routing.texts.size()
        ? shownToken(routing.texts[static_cast<size_t>(token)])
        : QString();
    m_token = token;
    m_tokens = static_cast<int>(
        std::max<size_t>(routing.ids.size(), static_cast<size_t>(routing.columns())));
    m_layerRow = layerRow;

    const QSize size = contentSize();
    const QRect area = parentWidget()->screen()->availableGeometry();
    // the strip's own header stays in sight
    QPoint at(column.right() + px(20), column.top() - size.height() - px(26));
    if (at.x() + size.width() > area.right())
        at.setX(std::max(area.left(), column.left() - px(20) - size.width()));
    at.setY(std::clamp(at.y(), area.top(), std::max(area.top(), area.bottom() - size.height())));
    setGeometry(QRect(at, size));
    setAccessibleDescription(description());
    show();
    raise();
    update();
}

QString RoutingTooltip::description() const
{
    QStringList parts{tr("token %1 of %2, layer %3")
                          .arg(m_token + 1)
                          .arg(m_tokens)
                          .arg(m_routing.layers[static_cast<size_t>(m_layerRow)].layer)};
    for (const Choice& choice : choices()) {
        const QString gate = known(choice.gate);
        parts += choice.chosen
            ? tr("expert %1, gate %2, weight %3").arg(choice.expert).arg(gate, known(choice.weight))
            : tr("runner-up %1, gate %2").arg(choice.expert).arg(gate);
    }
    return parts.join(QStringLiteral("; "));
}

int RoutingTooltip::mapHeight() const
{
    return std::min(px(72), m_routing.widest() * px(4));
}

QSize RoutingTooltip::contentSize() const
{
    const auto shown = choices();
    const bool extra = std::ranges::any_of(shown, [](const Choice& c) { return !c.chosen; });
    const int lines = 2 + static_cast<int>(shown.size()) + (extra ? 1 : 0) + 1;
    return {px(kWidth), 2 * px(8) + lines * px(kLine) + mapHeight() + px(18)};
}

void RoutingTooltip::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(theme().border, 1));
    painter.setBrush(theme().base);
    painter.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), px(4), px(4));
    painter.setRenderHint(QPainter::Antialiasing, false);

    QRect row(px(kInset), px(8), width() - 2 * px(kInset), px(kLine));
    const auto next = [&row] {
        row.translate(0, px(kLine));
    };
    const auto text = [&](const QRect& at, int align, const QString& words, const QColor& color,
                          const QFont& face) {
        painter.setFont(face);
        painter.setPen(color);
        painter.drawText(at, align | Qt::AlignVCenter, words);
    };
    const QFont plain = shell::font(TextRole::Secondary), small = shell::font(TextRole::Caption);
    const QFont bold = shell::font(TextRole::Secondary, true);
    const QFont figures = shell::numberFont(TextRole::Secondary);
    const QFont boldFigures = shell::numberFont(TextRole::Secondary, true);

    // the token, its place, the layer
    const QString word = painter.fontMetrics().elidedText(m_text, Qt::ElideRight, px(120));
    painter.setFont(bold);
    const int wide = painter.fontMetrics().horizontalAdvance(word) + px(10);
    painter.fillRect(QRect(row.left(), row.top(), wide, row.height()), theme().hover);
    text(row.adjusted(px(5), 0, 0, 0), Qt::AlignLeft, word, theme().text, bold);
    text(row.adjusted(wide + px(8), 0, 0, 0), Qt::AlignLeft,
        tr("token %1 of %2").arg(m_token + 1).arg(m_tokens), theme().text2, plain);
    text(row, Qt::AlignRight,
        tr("layer %1").arg(m_routing.layers[static_cast<size_t>(m_layerRow)].layer), theme().text2,
        plain);
    next();
    const int gateRight = width() - px(kInset) - px(62);
    const auto columnOf = [&row, gateRight] {
        return QRect(row.left(), row.top(), gateRight - row.left(), row.height());
    };
    text(row, Qt::AlignLeft, tr("Chosen"), theme().text3, small);
    text(columnOf(), Qt::AlignRight, tr("gate"), theme().text3, small);
    text(row, Qt::AlignRight, tr("weight"), theme().text3, small);
    bool runnersUp = false;
    const std::vector<Choice> shown = choices();
    const auto bar = [](const Choice& choice) {
        return std::isnan(choice.gate) ? choice.weight : choice.gate;
    };
    double most = 1e-6; // has the longest bar: among many experts all are far below 1
    for (const Choice& choice : shown)
        most = std::max(most, bar(choice));
    for (const Choice& choice : shown) {
        next();
        if (!choice.chosen && !std::exchange(runnersUp, true)) {
            text(row, Qt::AlignLeft, tr("Runners-up"), theme().text3, small);
            next();
        }
        text(row, Qt::AlignLeft, tr("Expert %1").arg(choice.expert), theme().text, plain);
        painter.fillRect(QRect(row.left() + px(68), row.center().y() - px(3),
                             std::max(1, qRound(px(kBar) * bar(choice) / most)), px(7)),
            choice.chosen ? theme().accent : theme().text3);
        text(columnOf(), Qt::AlignRight, known(choice.gate), theme().text2, figures);
        text(row, Qt::AlignRight, known(choice.weight), theme().text,
            choice.chosen ? boldFigures : figures);
    }
    next();
    text(row, Qt::AlignLeft, tr("This token in every layer (experts down, layers across)"),
        theme().text3, small);
    next();
    paintMap(painter, QRect(row.left() + px(20), row.top(), row.width() - px(24), mapHeight()));
}

void RoutingTooltip::paintMap(QPainter& painter, const QRect& at) const
{
    const auto layers = static_cast<int>(m_routing.layers.size());
    const int experts = std::max(1, m_routing.widest());
    painter.fillRect(at, theme().alt);
    const double cellWidth = static_cast<double>(at.width()) / std::max(1, layers);
    const double cellHeight = static_cast<double>(at.height()) / experts;
    double most = 1e-6;
    for (const float weight : m_routing.weights)
        most = std::max(most, static_cast<double>(weight));
    const auto cell = [&](int layer, int expert) {
        const QPointF from(at.left() + layer * cellWidth, at.top() + expert * cellHeight);
        return QRectF(from,
            QSizeF(std::max(1.0, cellWidth - (cellWidth > 4 ? 1 : 0)),
                std::max(1.0, cellHeight - (cellHeight > 3 ? 1 : 0))));
    };
    for (int row = 0; row < layers; ++row) {
        const auto& layer = m_routing.layers[static_cast<size_t>(row)];
        const auto first = static_cast<size_t>(m_routing.offsetOf(static_cast<size_t>(row)));
        for (int i = 0; i < layer.chosen; ++i) {
            const auto place = first + static_cast<size_t>(i);
            if (m_routing.experts[place] != chats::ReplyRouting::kNone)
                painter.fillRect(cell(row, m_routing.experts[place]),
                    weightShade(
                        0.35 + 0.65 * static_cast<double>(m_routing.weights[place]) / most));
        }
    }
    painter.setPen(theme().text);
    painter.setBrush(Qt::NoBrush);
    painter.drawRect(QRectF(
        at.left() + m_layerRow * cellWidth - 1, at.top() - 1, cellWidth + 1, at.height() + 1));
    painter.setFont(shell::numberFont(TextRole::Caption));
    painter.setPen(theme().text3);
    painter.drawText(QRect(at.left() - px(24), at.top() - px(4), px(20), px(14)),
        Qt::AlignRight | Qt::AlignVCenter, QStringLiteral("0"));
    painter.drawText(QRect(at.left() - px(24), at.bottom() - px(10), px(20), px(14)),
        Qt::AlignRight | Qt::AlignVCenter, QString::number(experts - 1));
    painter.drawText(QRect(at.left() - px(4), at.bottom() + px(2), px(20), px(14)),
        Qt::AlignLeft | Qt::AlignVCenter, QString::number(m_routing.layers.front().layer));
    painter.drawText(QRect(at.right() - px(30), at.bottom() + px(2), px(34), px(14)),
        Qt::AlignRight | Qt::AlignVCenter, QString::number(m_routing.layers.back().layer));
}

} // namespace moe::chat
