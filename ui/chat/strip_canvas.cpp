// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/chat/expert_strip.h"
#include "ui/shell/theme.h"

#include <QFontDatabase>
#include <QKeyEvent>
#include <QPainter>
#include <QScrollBar>
#include <QWheelEvent>

#include <algorithm>
#include <cmath>

namespace moe::chat {

using shell::px;
using shell::TextRole;
using shell::theme;

namespace {

constexpr int kLeft = 22, kRowHeight = 6, kTallest = 144, kTokens = 20; ///< px
constexpr double kNarrowest = 3, kWidest = 10; ///< px a token

} // namespace

QColor weightShade(double share)
{
    const auto& stops = theme().sequential;
    const double at = std::clamp(share, 0.0, 1.0) * static_cast<double>(stops.size() - 1);
    const auto low = std::min(static_cast<size_t>(at), stops.size() - 2);
    return shell::Theme::blend(stops[low + 1], stops[low], at - static_cast<double>(low));
}

StripCanvas::StripCanvas(QWidget* parent)
    : QWidget(parent)
    , m_scroll(new QScrollBar(Qt::Horizontal, this))
{
    setObjectName(QStringLiteral("expertStrip"));
    setAccessibleName(tr("Experts of the reply, token by token"));
    setAccessibleDescription(
        tr("Left and Right move along the tokens, Up and Down change the layer"));
    setMouseTracking(true);
    setFocusPolicy(Qt::StrongFocus);
    m_scroll->setAccessibleName(tr("Tokens in view"));
    connect(m_scroll, &QScrollBar::valueChanged, this, qOverload<>(&QWidget::update));
}

int StripCanvas::experts() const
{
    return m_routing != nullptr && !m_routing->layers.empty()
        ? m_routing->layers[static_cast<size_t>(m_layer)].experts
        : 1;
}

int StripCanvas::columns() const
{
    return m_routing != nullptr ? static_cast<int>(m_routing->columns()) : 0;
}

int StripCanvas::rowHeight() const
{
    return std::max(2, std::min(px(kRowHeight), px(kTallest) / std::max(1, experts())));
}

QRect StripCanvas::plot() const
{
    return {px(kLeft), 0, width() - px(kLeft), rowHeight() * experts()};
}

double StripCanvas::columnWidth() const
{
    const double fitting = static_cast<double>(plot().width()) / std::max(1, columns());
    return std::clamp(fitting, px(10) * kNarrowest / 10, px(10) * kWidest / 10);
}

QRect StripCanvas::columnRect(int column) const
{
    return columnRect(column, plot(), columnWidth());
}

QRect StripCanvas::columnRect(int column, const QRect& area, double wide) const
{
    const double x = area.left() + column * wide - m_scroll->value();
    return QRect(qRound(x), area.top(), std::max(1, qRound(x + wide) - qRound(x)), area.height());
}

int StripCanvas::columnAt(double x) const
{
    const int column
        = static_cast<int>(std::floor((x - plot().left() + m_scroll->value()) / columnWidth()));
    return x < plot().left() || column >= columns() ? -1 : column;
}

int StripCanvas::firstInView() const
{
    return std::max(0, static_cast<int>(m_scroll->value() / columnWidth()));
}

QSize StripCanvas::sizeHint() const
{
    const bool scrolls = m_scroll->maximum() > 0;
    return {px(480), rowHeight() * experts() + px(kTokens) + (scrolls ? px(10) : 0)};
}

void StripCanvas::setRouting(const chats::ReplyRouting* routing)
{
    m_routing = routing;
    m_layer = routing == nullptr
        ? 0
        : std::clamp(m_layer, 0, std::max(0, static_cast<int>(routing->layers.size()) - 1));
    m_current = std::min(m_current, columns() - 1);
    refresh();
}

void StripCanvas::setLayer(int row)
{
    m_layer = row;
    refresh();
}

void StripCanvas::setLive(bool live)
{
    m_live = live;
    update();
}

void StripCanvas::setMarked(std::vector<int64_t> marked)
{
    m_marked = std::move(marked);
    update();
}

void StripCanvas::setCurrent(int column)
{
    column = std::clamp(column, -1, columns() - 1);
    if (column == m_current)
        return;
    m_current = column;
    update();
    Q_EMIT currentChanged(column);
}

void StripCanvas::refresh()
{
    updateRange();
    updateScroll();
    updateGeometry();
    update();
}

/// The scale runs over the weights of the layer, rounded outwards to tenths.
void StripCanvas::updateRange()
{
    double low = 1, high = 0;
    if (m_routing != nullptr && !m_routing->layers.empty()) {
        const auto row = static_cast<size_t>(m_layer);
        const auto offset = static_cast<size_t>(m_routing->offsetOf(row));
        const auto stride = static_cast<size_t>(m_routing->stride());
        for (size_t at = offset;
             at + static_cast<size_t>(m_routing->layers[row].chosen) <= m_routing->weights.size();
             at += stride) {
            for (int i = 0; i < m_routing->layers[row].chosen; ++i) {
                const double weight = m_routing->weights[at + static_cast<size_t>(i)];
                low = std::min(low, weight);
                high = std::max(high, weight);
            }
        }
    }
    m_low = high > low ? std::floor(low * 10) / 10 : 0;
    m_high = high > low ? std::ceil(high * 10) / 10 : 1;
}

void StripCanvas::updateScroll()
{
    const QRect area = plot();
    const int hidden
        = std::max(0, static_cast<int>(std::ceil(columns() * columnWidth())) - area.width());
    const bool atEnd = m_scroll->value() >= m_scroll->maximum();
    m_scroll->setRange(0, hidden);
    m_scroll->setPageStep(area.width());
    m_scroll->setSingleStep(px(30));
    m_scroll->setVisible(hidden > 0);
    m_scroll->setGeometry(area.left(), area.bottom() + 1 + px(kTokens), area.width(), px(8));
    if (m_live && atEnd)
        m_scroll->setValue(hidden);
}

void StripCanvas::showColumn(int column)
{
    const QRect at = columnRect(column), area = plot();
    if (at.left() < area.left())
        m_scroll->setValue(m_scroll->value() - (area.left() - at.left()));
    else if (at.right() > area.right())
        m_scroll->setValue(m_scroll->value() + at.right() - area.right());
}

void StripCanvas::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    paintCells(painter);
    paintTokens(painter);
    if (hasFocus()) {
        painter.setPen(QPen(theme().accent, 2));
        painter.drawRect(plot().adjusted(0, 1, -1, -1));
    }
}

void StripCanvas::paintCells(QPainter& painter) const
{
    const QRect area = plot();
    const int high = rowHeight();
    const double wide = columnWidth(); // once: a strip has thousands of columns
    painter.fillRect(area, theme().alt);
    painter.setFont(shell::numberFont(TextRole::Caption));
    for (int expert = 0; expert < experts(); ++expert) {
        const bool tick
            = expert % std::max(4, 4 * static_cast<int>(std::ceil(12.0 / (4 * high)))) == 0;
        if (!tick)
            continue;
        const int y = area.top() + expert * high;
        if (expert > 0)
            painter.fillRect(QRect(area.left(), y, area.width(), 1), theme().grid);
        painter.setPen(theme().text3);
        painter.drawText(QRect(0, std::max(0, y - px(6)), px(kLeft) - px(6), px(12) + high),
            Qt::AlignRight | Qt::AlignVCenter, QString::number(expert));
    }
    if (columns() == 0)
        return;
    painter.save();
    painter.setClipRect(area);
    const auto row = static_cast<size_t>(m_layer);
    const auto stride = static_cast<size_t>(m_routing->stride());
    const auto offset = static_cast<size_t>(m_routing->offsetOf(row));
    for (int column = firstInView(); column < columns(); ++column) {
        const QRect at = columnRect(column, area, wide);
        if (at.left() > area.right())
            break;
        for (int i = 0; i < m_routing->layers[row].chosen; ++i) {
            const size_t place
                = static_cast<size_t>(column) * stride + offset + static_cast<size_t>(i);
            const uint16_t expert = m_routing->experts[place];
            if (expert >= experts())
                continue;
            const double share = (static_cast<double>(m_routing->weights[place]) - m_low)
                / std::max(1e-6, m_high - m_low);
            painter.fillRect(QRect(at.left(), area.top() + expert * high, at.width(), high),
                weightShade(0.25 + 0.75 * share));
        }
    }
    for (const int64_t column : m_marked) {
        const QRect at = columnRect(static_cast<int>(column));
        painter.fillRect(
            QRect(at.left(), area.bottom() - px(2), at.width(), px(3)), theme().series[1]);
    }
    if (m_current >= 0) {
        const QRect at = columnRect(m_current);
        painter.setPen(QPen(theme().text, 1.5));
        painter.drawRect(at.adjusted(-1, 0, 0, -1));
    }
    painter.restore();
}

/// The tokens round the current one (the last ones while a reply comes, else from the first column
/// in view on), each in its own width.
void StripCanvas::paintTokens(QPainter& painter) const
{
    if (m_routing == nullptr || m_routing->texts.empty())
        return;
    const QRect area(plot().left(), plot().bottom() + 1, plot().width(), px(kTokens));
    QFont face = QFontDatabase::systemFont(QFontDatabase::FixedFont);
    const QFont caption = shell::font(TextRole::Caption);
    if (caption.pixelSize() > 0)
        face.setPixelSize(caption.pixelSize());
    else
        face.setPointSizeF(caption.pointSizeF());
    painter.setFont(face);
    const QFontMetrics metrics(face);
    const auto widthOf = [&](int token) {
        return metrics.horizontalAdvance(shownToken(m_routing->texts[static_cast<size_t>(token)]))
            + px(7);
    };
    const auto count = static_cast<int>(m_routing->texts.size());
    const bool pointed = m_current >= 0 && m_current < count;
    const int anchor = pointed ? m_current : m_live ? count - 1 : firstInView();
    int x = pointed ? columnRect(anchor).center().x() - widthOf(anchor) / 2
        : m_live    ? std::min(area.right() - widthOf(anchor),
                 columnRect(std::max(0, columns() - 1)).right() - widthOf(anchor))
                    : area.left();
    x = std::clamp(x, area.left(), std::max(area.left(), area.right() - widthOf(anchor)));
    painter.save();
    painter.setClipRect(area);
    const auto draw = [&](int token, int at, int wide) {
        const QRect box(at, area.top() + px(2), wide, px(16));
        const bool here = token == m_current;
        if (here)
            painter.fillRect(box, theme().sel);
        painter.setPen(here ? theme().selText : theme().text2);
        painter.drawText(
            box, Qt::AlignCenter, shownToken(m_routing->texts[static_cast<size_t>(token)]));
        painter.fillRect(QRect(box.right(), box.top() + px(3), 1, px(10)), theme().line);
    };
    for (int token = anchor, at = x; token < count && at < area.right(); ++token) {
        const int wide = widthOf(token);
        draw(token, at, wide);
        at += wide;
    }
    for (int token = anchor - 1, at = x; token >= 0 && at > area.left(); --token) {
        at -= widthOf(token);
        draw(token, at, widthOf(token));
    }
    painter.restore();
}

void StripCanvas::resizeEvent(QResizeEvent*)
{
    updateScroll();
}

void StripCanvas::mouseMoveEvent(QMouseEvent* event)
{
    setCurrent(event->position().y() < plot().bottom() + px(kTokens)
            ? columnAt(event->position().x())
            : -1);
}

void StripCanvas::leaveEvent(QEvent*)
{
    setCurrent(-1);
}

void StripCanvas::wheelEvent(QWheelEvent* event)
{
    const QPoint delta = event->angleDelta();
    const bool sideways = std::abs(delta.x()) > std::abs(delta.y())
        || event->modifiers().testFlag(Qt::ShiftModifier);
    if (!sideways || m_scroll->maximum() == 0) {
        event->ignore(); // the transcript scrolls
        return;
    }
    m_scroll->setValue(m_scroll->value() - (delta.x() != 0 ? delta.x() : delta.y()));
}

void StripCanvas::keyPressEvent(QKeyEvent* event)
{
    const int stride = event->modifiers().testFlag(Qt::ControlModifier) ? 10 : 1;
    int column = 0;
    switch (event->key()) {
    case Qt::Key_Left:
        column = std::max(0, m_current - stride);
        break;
    case Qt::Key_Right:
        column = m_current + stride;
        break;
    case Qt::Key_Home:
        column = 0;
        break;
    case Qt::Key_End:
        column = columns() - 1;
        break;
    case Qt::Key_Up:
        Q_EMIT stepLayer(-1);
        return;
    case Qt::Key_Down:
        Q_EMIT stepLayer(1);
        return;
    default:
        QWidget::keyPressEvent(event);
        return;
    }
    setCurrent(column);
    if (m_current >= 0)
        showColumn(m_current);
}

void StripCanvas::focusInEvent(QFocusEvent*)
{
    update();
}

void StripCanvas::focusOutEvent(QFocusEvent*)
{
    setCurrent(-1);
    update();
}

} // namespace moe::chat
