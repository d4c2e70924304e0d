// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/title_bar.h"

#include "ui/shell/theme.h"

#include <QDockWidget>
#include <QHBoxLayout>
#include <QHelpEvent>
#include <QLinearGradient>
#include <QMenu>
#include <QPainter>
#include <QToolButton>
#include <QToolTip>

#include <algorithm>
#include <utility>

namespace moe::shell {

namespace {

constexpr int kGap = 12, kTightGap = 7; ///< px between the parts of a legend

int swatchWidth(TitleLegend::Swatch swatch)
{
    switch (swatch) {
    case TitleLegend::Swatch::None:
        return 0;
    case TitleLegend::Swatch::Ramp:
        return px(36);
    case TitleLegend::Swatch::Line:
    case TitleLegend::Swatch::Dashed:
        return px(14);
    }
    return 0;
}

void paintSwatch(QPainter& painter, const QRect& at, const TitleLegend& entry)
{
    if (entry.swatch == TitleLegend::Swatch::Ramp) {
        QLinearGradient ramp(at.topLeft(), at.topRight());
        static constexpr std::array kStops{0.0, 0.33, 0.67, 1.0};
        for (size_t i = 0; i < kStops.size(); ++i)
            ramp.setColorAt(kStops[i], theme().layerStops[i]);
        painter.fillRect(QRect(at.left(), at.center().y() - px(4), at.width(), px(8)), ramp);
        return;
    }
    QPen pen(entry.color, px(2));
    pen.setCapStyle(Qt::FlatCap);
    if (entry.swatch == TitleLegend::Swatch::Dashed)
        pen.setDashPattern({2.5, 1});
    painter.setPen(pen);
    const int y = at.center().y() + 1;
    painter.drawLine(at.left(), y, at.right() + 1, y);
}

} // namespace

TitleBar::TitleBar(const QString& name, const QString& unit, QWidget* parent)
    : QWidget(parent)
    , m_name(name)
    , m_unit(unit)
    , m_buttons(new QHBoxLayout(this))
    , m_more(makeIconButton(QStringLiteral("more"), tr("More about %1").arg(name), this))
    , m_menu(new QMenu(this))
{
    m_buttons->setContentsMargins(0, 0, px(8), 0);
    m_buttons->setSpacing(0);
    m_buttons->addStretch(1);
    m_buttons->addWidget(m_more);
    m_more->setMenu(m_menu);
    m_more->setPopupMode(QToolButton::InstantPopup);
    setFixedHeight(px(28));
    setAccessibleName(name);
}

void TitleBar::setName(const QString& name)
{
    if (name == m_name)
        return;
    m_name = name;
    setAccessibleName(name);
    update();
}

void TitleBar::setUnit(const QString& unit)
{
    if (unit == m_unit)
        return;
    m_unit = unit;
    update();
}

void TitleBar::setShortUnit(const QString& unit)
{
    m_shortUnit = unit;
    update();
}

void TitleBar::setShortName(const QString& name)
{
    m_shortName = name;
    update();
}

void TitleBar::setShortWords(bool shortWords)
{
    m_short = shortWords;
    update();
}

void TitleBar::setNameShown(bool shown)
{
    m_nameShown = shown;
    update();
}

void TitleBar::setLegend(const QList<TitleLegend>& legend)
{
    if (legend == m_legend)
        return;
    m_legend = legend;
    setAccessibleDescription(legendText());
    update();
}

QString TitleBar::legendText() const
{
    QStringList parts;
    for (const TitleLegend& entry : m_legend) {
        QString text = entry.name;
        if (!entry.value.isEmpty())
            text += (text.isEmpty() ? QString() : QStringLiteral(" ")) + entry.value;
        parts += text;
    }
    return parts.join(QLatin1String("  "));
}

QToolButton* TitleBar::addButton(const QString& iconName, const QString& what)
{
    QToolButton* button = makeIconButton(iconName, what, this);
    m_buttons->insertWidget(m_buttons->count() - 1, button);
    return button;
}

void TitleBar::addDockActions(QDockWidget* dock)
{
    if (!m_menu->isEmpty())
        m_menu->addSeparator();
    auto* floating = m_menu->addAction(tr("Float"));
    connect(
        floating, &QAction::triggered, dock, [dock] { dock->setFloating(!dock->isFloating()); });
    connect(dock, &QDockWidget::topLevelChanged, floating, [floating](bool isFloating) {
        floating->setText(isFloating ? TitleBar::tr("Dock") : TitleBar::tr("Float"));
    });
    connect(m_menu->addAction(tr("Close")), &QAction::triggered, dock, &QDockWidget::close);
}

QSize TitleBar::sizeHint() const
{
    return {px(160), px(28)};
}

QSize TitleBar::minimumSizeHint() const
{
    return {px(80), px(28)};
}

int TitleBar::legendWidth(int entry) const
{
    const TitleLegend& legend = m_legend[entry];
    const QFontMetrics metrics(numberFont(TextRole::Secondary));
    int width = metrics.horizontalAdvance(legend.name) + metrics.horizontalAdvance(legend.value);
    if (!legend.name.isEmpty() && !legend.value.isEmpty())
        width += px(4);
    const int swatch = swatchWidth(legend.swatch);
    return width + (swatch > 0 ? swatch + px(4) : 0);
}

int TitleBar::legendWidth() const
{
    int width = 0;
    for (int i = 0; i < m_legend.size(); ++i)
        width += legendWidth(i);
    return width;
}

/// The short name also where the long one would push an entry of the legend out of `room`.
QString TitleBar::shownName(int room) const
{
    if (!m_nameShown)
        return {};
    const QFontMetrics metrics(shell::font(TextRole::Body, true));
    const auto entries = static_cast<int>(m_legend.size());
    const int needed = metrics.horizontalAdvance(m_name) + legendWidth() + entries * px(kTightGap);
    const bool tooLong = entries > 0 && needed > room;
    return (m_short || tooLong) && !m_shortName.isEmpty() ? m_shortName : m_name;
}

void TitleBar::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.fillRect(rect(), theme().base);
    const int left = px(12);
    int right = width() - px(8);
    for (int i = 0; i < m_buttons->count(); ++i) {
        if (QWidget* button = m_buttons->itemAt(i)->widget(); button && button->isVisible())
            right = std::min(right, button->x());
    }
    right -= px(6);

    painter.setFont(shell::font(TextRole::Body, true));
    painter.setPen(theme().text);
    const QString name = shownName(right - left);
    painter.drawText(
        QRect(left, 0, right - left, height()), Qt::AlignVCenter | Qt::AlignLeft, name);
    int end = left + painter.fontMetrics().horizontalAdvance(name);
    const auto entries = static_cast<int>(m_legend.size());
    const bool tight = legendWidth() + entries * px(kGap) > right - end;
    const int gap = px(tight ? kTightGap : kGap);
    end += name.isEmpty() ? 0 : px(tight ? kTightGap : 10);

    // From the right; the first entries fall away when there is no room.
    int x = right;
    const QFont small = numberFont(TextRole::Secondary);
    painter.setFont(small);
    for (int i = entries - 1; i >= 0; --i) {
        const TitleLegend& entry = m_legend[i];
        const int needed = legendWidth(i);
        if (x - needed < end)
            break;
        const QFontMetrics metrics(small);
        int at = x - needed;
        const int swatch = swatchWidth(entry.swatch);
        if (entry.swatch == TitleLegend::Swatch::Ramp) { // its ends stand at its two sides
            painter.setPen(theme().text2);
            const int nameWidth = metrics.horizontalAdvance(entry.name);
            painter.drawText(QRect(at, 0, nameWidth, height()), Qt::AlignVCenter, entry.name);
            paintSwatch(painter, QRect(at + nameWidth + px(5), 0, swatch, height()), entry);
            painter.drawText(QRect(at + nameWidth + px(5) + swatch + px(5), 0, px(60), height()),
                Qt::AlignVCenter, entry.value);
        } else {
            if (swatch > 0) {
                paintSwatch(painter, QRect(at, 0, swatch, height()), entry);
                at += swatch + px(4);
            }
            painter.setPen(theme().text2);
            painter.drawText(QRect(at, 0, needed, height()), Qt::AlignVCenter, entry.name);
            at += metrics.horizontalAdvance(entry.name) + (entry.name.isEmpty() ? 0 : px(4));
            painter.setPen(theme().text);
            painter.drawText(QRect(at, 0, needed, height()), Qt::AlignVCenter, entry.value);
        }
        x -= needed + gap;
    }
    painter.setPen(theme().text3);
    const QString longUnit = m_short && !m_shortUnit.isEmpty() ? m_shortUnit : m_unit;
    for (const auto& [unit, role] : {std::pair(longUnit, TextRole::Body),
             std::pair(longUnit, TextRole::Secondary), std::pair(m_shortUnit, TextRole::Body)}) {
        painter.setFont(shell::font(role));
        if (end + painter.fontMetrics().horizontalAdvance(unit) > x + px(8))
            continue;
        painter.drawText(
            QRect(end, 0, x + px(8) - end, height()), Qt::AlignVCenter | Qt::AlignLeft, unit);
        break;
    }
}

bool TitleBar::event(QEvent* event)
{
    if (event->type() == QEvent::ToolTip) {
        auto* help = static_cast<QHelpEvent*>(event);
        QString text = m_unit.isEmpty() ? m_name : tr("%1, %2").arg(m_name, m_unit);
        if (!m_legend.isEmpty())
            text += QLatin1Char('\n') + legendText();
        QToolTip::showText(help->globalPos(), text, this);
        return true;
    }
    return QWidget::event(event);
}

} // namespace moe::shell
