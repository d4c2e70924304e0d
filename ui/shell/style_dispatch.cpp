// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
// Which hand draws what; sizes and hints stand in style.cpp.
#include "ui/shell/style.h"

#include "ui/shell/style_draw.h"
#include "ui/shell/theme.h"

#include <QAbstractItemView>
#include <QAbstractSpinBox>
#include <QComboBox>
#include <QPlainTextEdit>
#include <QTextEdit>

namespace moe::shell {

bool flagged(const QWidget* widget, const char* property)
{
    return widget && widget->property(property).toBool();
}

bool isTextArea(const QWidget* widget)
{
    return qobject_cast<const QTextEdit*>(widget) || qobject_cast<const QPlainTextEdit*>(widget);
}

bool isInUnderlinedBar(const QWidget* widget)
{
    return widget && flagged(widget->parentWidget(), kUnderlinedProperty);
}

bool isInnerEdit(const QWidget* widget)
{
    const QWidget* parent = widget ? widget->parentWidget() : nullptr;
    return qobject_cast<const QAbstractSpinBox*>(parent) || qobject_cast<const QComboBox*>(parent);
}

void Style::drawPrimitive(PrimitiveElement element, const QStyleOption* option, QPainter* painter,
    const QWidget* widget) const
{
    switch (element) {
    case PE_PanelLineEdit:
        if (!isInnerEdit(widget) && !flagged(widget, kFramelessProperty))
            drawField(*painter, *option);
        return;
    case PE_Frame:
        if (isTextArea(widget))
            drawField(*painter, *option);
        return;
    case PE_FrameMenu:
    case PE_PanelMenu:
    case PE_PanelTipLabel:
        painter->fillRect(option->rect, theme().base);
        painter->setPen(theme().border);
        painter->drawRect(option->rect.adjusted(0, 0, -1, -1));
        return;
    case PE_FrameLineEdit:
    case PE_FrameDockWidget:
    case PE_FrameStatusBarItem:
    case PE_FrameTabWidget:
    case PE_FrameWindow:
    case PE_PanelButtonTool:
    case PE_IndicatorToolBarHandle:
        return;
    case PE_FrameTabBarBase:
        painter->fillRect(
            QRect(option->rect.x(), option->rect.bottom(), option->rect.width(), 1), theme().line);
        return;
    case PE_PanelStatusBar:
        painter->fillRect(option->rect, theme().window);
        painter->fillRect(
            QRect(option->rect.x(), option->rect.y(), option->rect.width(), 1), theme().line);
        return;
    case PE_IndicatorToolBarSeparator: {
        const int x = option->rect.x() + option->rect.width() * 3 / 4; // nearer to what it opens
        const int height = px(20);
        painter->fillRect(
            QRect(x, option->rect.center().y() - height / 2, 1, height), theme().line);
        return;
    }
    case PE_IndicatorDockWidgetResizeHandle:
        drawSplitterLine(*painter, option->rect);
        return;
    case PE_FrameFocusRect:
        if (!qobject_cast<const QAbstractItemView*>(widget))
            drawFocusRing(*painter, option->rect);
        return;
    case PE_IndicatorCheckBox:
    case PE_IndicatorItemViewItemCheck:
        drawIndicator(*painter, *option, false);
        return;
    case PE_IndicatorRadioButton:
        drawIndicator(*painter, *option, true);
        return;
    case PE_PanelItemViewRow:
    case PE_PanelItemViewItem:
        drawViewItem(option, painter, widget);
        return;
    case PE_IndicatorHeaderArrow: {
        const auto* header = qstyleoption_cast<const QStyleOptionHeader*>(option);
        drawChevron(*painter, option->rect,
            header && header->sortIndicator == QStyleOptionHeader::SortDown, true);
        return;
    }
    case PE_IndicatorBranch:
        if (option->state.testFlag(State_Children))
            icon(option->state.testFlag(State_Open) ? QStringLiteral("chevron-down")
                                                    : QStringLiteral("chevron-right"))
                .paint(painter, option->rect);
        return;
    default:
        QProxyStyle::drawPrimitive(element, option, painter, widget);
    }
}

void Style::drawViewItem(const QStyleOption* option, QPainter* painter, const QWidget* widget) const
{
    const auto* item = qstyleoption_cast<const QStyleOptionViewItem*>(option);
    if (!item)
        return;
    const auto* view = qobject_cast<const QAbstractItemView*>(widget);
    if (item->backgroundBrush.style() != Qt::NoBrush)
        painter->fillRect(option->rect, item->backgroundBrush);
    if (option->state.testFlag(State_Selected))
        painter->fillRect(option->rect,
            view && !view->hasFocus() ? theme().hover : option->palette.color(QPalette::Highlight));
    else if (option->state.testFlag(State_MouseOver) && option->state.testFlag(State_Enabled))
        painter->fillRect(option->rect, theme().hover);
    const bool current = option->state.testFlag(State_HasFocus) && view && view->hasFocus();
    if (current && option->state.testFlag(State_KeyboardFocusChange)
        && view->selectionBehavior() == QAbstractItemView::SelectItems)
        drawFocusRing(*painter, option->rect);
}

void Style::drawControl(ControlElement element, const QStyleOption* option, QPainter* painter,
    const QWidget* widget) const
{
    switch (element) {
    case CE_PushButton:
        if (const auto* button = qstyleoption_cast<const QStyleOptionButton*>(option)) {
            drawPushButton(*painter, *button, flagged(widget, kPrimaryProperty),
                button->features.testFlag(QStyleOptionButton::HasMenu),
                widget != nullptr ? widget->property(kJoinedProperty).toInt() : kAlone);
            return;
        }
        break;
    case CE_ProgressBar:
        if (const auto* bar = qstyleoption_cast<const QStyleOptionProgressBar*>(option)) {
            drawProgressBar(*painter, *bar);
            return;
        }
        break;
    case CE_TabBarTab:
        if (const auto* tab = qstyleoption_cast<const QStyleOptionTab*>(option)) {
            drawTab(*painter, *tab);
            return;
        }
        break;
    case CE_HeaderSection:
        if (const auto* header = qstyleoption_cast<const QStyleOptionHeader*>(option)) {
            drawHeaderSection(*painter, *header);
            return;
        }
        break;
    case CE_HeaderLabel:
        if (const auto* header = qstyleoption_cast<const QStyleOptionHeader*>(option)) {
            QStyleOptionHeader quiet(*header);
            quiet.palette.setColor(QPalette::ButtonText, theme().text2);
            quiet.state.setFlag(State_On, false); // never bold
            quiet.rect.adjust(px(4), 0, -px(4), 0); // in line with the cells
            QProxyStyle::drawControl(element, &quiet, painter, widget);
            return;
        }
        break;
    case CE_HeaderEmptyArea:
        painter->fillRect(option->rect, theme().base);
        painter->fillRect(
            QRect(option->rect.x(), option->rect.bottom(), option->rect.width(), 1), theme().line);
        return;
    case CE_Splitter:
        drawSplitterLine(*painter, option->rect);
        return;
    case CE_MenuBarEmptyArea:
        painter->fillRect(option->rect, theme().window);
        return;
    case CE_MenuBarItem:
        if (const auto* item = qstyleoption_cast<const QStyleOptionMenuItem*>(option)) {
            drawMenuBarItem(*painter, *item);
            return;
        }
        break;
    case CE_MenuItem:
        if (const auto* item = qstyleoption_cast<const QStyleOptionMenuItem*>(option)) {
            drawMenuItem(*painter, *item, px(32));
            return;
        }
        break;
    case CE_ToolBar:
        painter->fillRect(option->rect, theme().window);
        painter->fillRect(
            QRect(option->rect.x(), option->rect.bottom(), option->rect.width(), 1), theme().line);
        return;
    case CE_ComboBoxLabel:
        if (const auto* box = qstyleoption_cast<const QStyleOptionComboBox*>(option);
            box && !box->editable) {
            const QRect text
                = proxy()->subControlRect(CC_ComboBox, box, SC_ComboBoxEditField, widget);
            painter->setPen(box->state.testFlag(State_Enabled) ? theme().text : theme().disabled);
            painter->drawText(text, Qt::AlignVCenter | Qt::AlignLeft,
                painter->fontMetrics().elidedText(box->currentText, Qt::ElideRight, text.width()));
            return;
        }
        break;
    default:
        break;
    }
    QProxyStyle::drawControl(element, option, painter, widget);
}

void Style::drawComplexControl(ComplexControl control, const QStyleOptionComplex* option,
    QPainter* painter, const QWidget* widget) const
{
    switch (control) {
    case CC_ToolButton:
        if (const auto* button = qstyleoption_cast<const QStyleOptionToolButton*>(option)) {
            drawToolButton(
                *painter, *button, isInUnderlinedBar(widget), flagged(widget, kFieldProperty));
            return;
        }
        break;
    case CC_ComboBox:
        if (const auto* box = qstyleoption_cast<const QStyleOptionComboBox*>(option)) {
            drawComboBox(*painter, *box);
            return;
        }
        break;
    case CC_SpinBox:
        if (const auto* spin = qstyleoption_cast<const QStyleOptionSpinBox*>(option)) {
            QStyleOption field(*option);
            if (const auto* box = qobject_cast<const QAbstractSpinBox*>(widget))
                field.state.setFlag(State_ReadOnly, box->isReadOnly());
            drawField(*painter, field);
            if (spin->buttonSymbols == QAbstractSpinBox::NoButtons)
                return;
            using Spin = QAbstractSpinBox;
            drawChevron(*painter, subControlRect(CC_SpinBox, spin, SC_SpinBoxUp, widget), false,
                spin->stepEnabled.testFlag(Spin::StepUpEnabled));
            drawChevron(*painter, subControlRect(CC_SpinBox, spin, SC_SpinBoxDown, widget), true,
                spin->stepEnabled.testFlag(Spin::StepDownEnabled));
            return;
        }
        break;
    case CC_Slider:
        if (const auto* slider = qstyleoption_cast<const QStyleOptionSlider*>(option)) {
            drawSlider(*painter, *slider,
                proxy()->subControlRect(CC_Slider, option, SC_SliderHandle, widget));
            return;
        }
        break;
    case CC_ScrollBar:
        if (const auto* bar = qstyleoption_cast<const QStyleOptionSlider*>(option)) {
            drawScrollBar(*painter, *bar,
                proxy()->subControlRect(CC_ScrollBar, option, SC_ScrollBarSlider, widget));
            return;
        }
        break;
    default:
        break;
    }
    QProxyStyle::drawComplexControl(control, option, painter, widget);
}

} // namespace moe::shell
