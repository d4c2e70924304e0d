// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/style.h"

#include "ui/shell/style_draw.h"
#include "ui/shell/theme.h"

#include <QAbstractItemView>
#include <QAbstractSpinBox>
#include <QComboBox>
#include <QHeaderView>
#include <QLineEdit>
#include <QMenu>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QScrollBar>
#include <QStyleFactory>
#include <QTextEdit>
#include <QToolBar>
#include <QToolButton>

#include <algorithm>

namespace moe::shell {

namespace {

int controlHeight(const QWidget* widget, double usual)
{
    return px(flagged(widget, kSmallProperty) ? 22 : usual);
}

} // namespace

Style::Style()
    : QProxyStyle(QStyleFactory::create(QStringLiteral("Fusion")))
{
}

void Style::polish(QWidget* widget)
{
    QProxyStyle::polish(widget);
    if (qobject_cast<QPushButton*>(widget) || qobject_cast<QComboBox*>(widget)
        || qobject_cast<QToolButton*>(widget) || qobject_cast<QAbstractSpinBox*>(widget)
        || qobject_cast<QScrollBar*>(widget) || qobject_cast<QHeaderView*>(widget))
        widget->setAttribute(Qt::WA_Hover);
    if (auto* header = qobject_cast<QHeaderView*>(widget)) {
        header->setHighlightSections(false);
        header->setFont(font(TextRole::Secondary));
    }
    if (auto* view = qobject_cast<QAbstractItemView*>(widget))
        view->viewport()->setAttribute(Qt::WA_Hover);
}

int Style::pixelMetric(PixelMetric metric, const QStyleOption* option, const QWidget* widget) const
{
    switch (metric) {
    case PM_SplitterWidth:
    case PM_DockWidgetSeparatorExtent:
        return px(5);
    case PM_DockWidgetFrameWidth:
    case PM_MenuBarPanelWidth:
    case PM_ToolBarFrameWidth:
    case PM_TabBarTabShiftHorizontal:
    case PM_TabBarTabShiftVertical:
    case PM_TabBarBaseOverlap:
    case PM_TabBarTabOverlap:
    case PM_ButtonShiftHorizontal:
    case PM_ButtonShiftVertical:
        return 0;
    case PM_FocusFrameHMargin: // left and right of the text and the icon of a cell, less one
        return px(5);
    case PM_DefaultFrameWidth:
        return qobject_cast<const QMenu*>(widget) ? 1
            : isTextArea(widget) || qobject_cast<const QLineEdit*>(widget)
                || qobject_cast<const QAbstractSpinBox*>(widget)
            ? 2
            : 0;
    case PM_ToolBarItemSpacing:
        return px(4);
    case PM_ToolBarItemMargin:
        return 0;
    case PM_ToolBarSeparatorExtent:
        return px(16);
    case PM_ToolBarExtensionExtent:
        return px(28);
    case PM_MenuBarHMargin:
        return px(9);
    case PM_MenuBarItemSpacing:
        return px(1);
    case PM_MenuBarVMargin:
        return 0;
    case PM_MenuVMargin:
        return px(4);
    case PM_MenuHMargin:
        return 0;
    case PM_ScrollBarExtent:
        return px(12);
    case PM_ScrollBarSliderMin:
        return px(32);
    case PM_SliderThickness:
    case PM_SliderControlThickness:
    case PM_SliderLength:
    case PM_IndicatorWidth:
    case PM_IndicatorHeight:
    case PM_ExclusiveIndicatorWidth:
    case PM_ExclusiveIndicatorHeight:
        return px(14);
    case PM_CheckBoxLabelSpacing:
    case PM_RadioButtonLabelSpacing:
        return px(8);
    case PM_ToolBarIconSize:
    case PM_SmallIconSize:
    case PM_ButtonIconSize:
    case PM_ListViewIconSize:
    case PM_TabBarIconSize:
        return px(16);
    case PM_LineEditIconSize:
        return px(14);
    case PM_LineEditIconMargin:
        return px(6);
    case PM_HeaderMargin: // small, or rows of 21 px are refused; drawing adds to it
        return px(2);
    case PM_HeaderMarkSize:
        return px(10);
    case PM_LayoutHorizontalSpacing:
    case PM_LayoutVerticalSpacing:
        return px(8);
    case PM_LayoutLeftMargin:
    case PM_LayoutRightMargin:
    case PM_LayoutTopMargin:
    case PM_LayoutBottomMargin:
        return px(12);
    case PM_FocusFrameVMargin:
        return 0;
    default:
        return QProxyStyle::pixelMetric(metric, option, widget);
    }
}

int Style::styleHint(
    StyleHint hint, const QStyleOption* option, const QWidget* widget, QStyleHintReturn* data) const
{
    switch (hint) {
    case SH_EtchDisabledText:
    case SH_DitherDisabledText:
    case SH_UnderlineShortcut:
    case SH_ScrollBar_Transient:
    case SH_ItemView_ShowDecorationSelected:
        return hint == SH_ItemView_ShowDecorationSelected ? 1 : 0;
    case SH_Widget_Animate:
    case SH_Widget_Animation_Duration:
    case SH_Menu_FadeOutOnHide:
    case SH_Menu_FlashTriggeredItem:
    case SH_ComboBox_Popup:
        return 0;
    case SH_Menu_SloppySubMenus:
        return 1;
    case SH_ItemView_ActivateItemOnSingleClick:
        return 0;
    case SH_ToolTipLabel_Opacity:
        return 255;
    case SH_DialogButtonBox_ButtonsHaveIcons:
        return 0;
    case SH_FormLayoutLabelAlignment:
        return Qt::AlignLeft | Qt::AlignVCenter;
    case SH_FormLayoutFormAlignment:
        return Qt::AlignLeft | Qt::AlignTop;
    default:
        return QProxyStyle::styleHint(hint, option, widget, data);
    }
}

QSize Style::sizeFromContents(
    ContentsType type, const QStyleOption* option, const QSize& size, const QWidget* widget) const
{
    switch (type) {
    case CT_PushButton: {
        const auto* button = qstyleoption_cast<const QStyleOptionButton*>(option);
        const bool bare = button && button->text.isEmpty();
        const bool menu = button && button->features.testFlag(QStyleOptionButton::HasMenu);
        const bool withIcon = button && !button->icon.isNull() && !bare;
        const int height = controlHeight(widget, 26);
        const int width
            = bare ? height : size.width() + px(20) + (menu ? px(16) : 0) + (withIcon ? px(8) : 0);
        return {std::max(width, height), height};
    }
    case CT_ToolButton: {
        const auto* button = qstyleoption_cast<const QStyleOptionToolButton*>(option);
        if (!button || button->text.isEmpty() || button->toolButtonStyle == Qt::ToolButtonIconOnly)
            return isInUnderlinedBar(widget) ? QSize(px(28), px(40)) : QSize(px(24), px(24));
        QFont bold = button->font; // as wide as when it is checked: nothing moves
        if (isInUnderlinedBar(widget))
            bold.setWeight(QFont::DemiBold);
        int width = QFontMetrics(bold).size(Qt::TextShowMnemonic, button->text).width() + px(8);
        if (!button->icon.isNull() && button->toolButtonStyle != Qt::ToolButtonTextOnly)
            width += button->iconSize.width() + px(6);
        if (button->features.testFlag(QStyleOptionToolButton::Menu))
            width += px(16);
        if (flagged(widget, kFieldProperty))
            width += px(26);
        if (isInUnderlinedBar(widget))
            width += 2 * px(kBarGap);
        return {width, isInUnderlinedBar(widget) ? px(40) : controlHeight(widget, 26)};
    }
    case CT_LineEdit: {
        const QSize base = QProxyStyle::sizeFromContents(type, option, size, widget);
        return {base.width() + px(8),
            isInnerEdit(widget) ? std::min(base.height(), controlHeight(widget, 24))
                                : controlHeight(widget, 26)};
    }
    case CT_ComboBox:
        return {size.width() + px(34), controlHeight(widget, 24)};
    case CT_SpinBox: {
        const auto* spin = qobject_cast<const QAbstractSpinBox*>(widget);
        const bool bare = spin && spin->buttonSymbols() == QAbstractSpinBox::NoButtons;
        return {size.width() + px(bare ? 12 : 30), controlHeight(widget, 24)};
    }
    case CT_MenuBarItem:
        return {size.width() + px(16), px(28)};
    case CT_MenuItem: {
        const auto* item = qstyleoption_cast<const QStyleOptionMenuItem*>(option);
        if (item && item->menuItemType == QStyleOptionMenuItem::Separator)
            return {px(80), item->text.isEmpty() ? px(9) : px(24)};
        const bool withKey = item && item->text.contains(QLatin1Char('\t'));
        const int key = withKey ? px(32) : px(16);
        return {size.width() + px(32) + key + (item ? item->reservedShortcutWidth : 0), px(26)};
    }
    case CT_TabBarTab: {
        const auto* tab = qstyleoption_cast<const QStyleOptionTab*>(option);
        if (!tab)
            break;
        const int text = QFontMetrics(font(TextRole::Body, true))
                             .size(Qt::TextShowMnemonic, tab->text)
                             .width();
        return {text + px(24) + (tab->icon.isNull() ? 0 : px(22)), px(28)};
    }
    case CT_HeaderSection: {
        const QSize base = QProxyStyle::sizeFromContents(type, option, size, widget);
        return {base.width(), px(24)};
    }
    case CT_ProgressBar:
        return {size.width(), px(6)};
    case CT_ItemViewItem: {
        const QSize base = QProxyStyle::sizeFromContents(type, option, size, widget);
        return {base.width(), std::max(base.height(), px(24))};
    }
    default:
        break;
    }
    return QProxyStyle::sizeFromContents(type, option, size, widget);
}

QRect Style::subControlRect(ComplexControl control, const QStyleOptionComplex* option,
    SubControl subControl, const QWidget* widget) const
{
    const QRect rect = option->rect;
    if (control == CC_SpinBox) {
        const auto* spin = qstyleoption_cast<const QStyleOptionSpinBox*>(option);
        const bool bare = spin && spin->buttonSymbols == QAbstractSpinBox::NoButtons;
        const int buttons = bare ? 0 : px(18);
        const int half = rect.height() / 2;
        if (subControl == SC_SpinBoxUp)
            return bare ? QRect() : QRect(rect.right() - buttons, rect.y() + 1, buttons, half - 1);
        if (subControl == SC_SpinBoxDown)
            return bare ? QRect()
                        : QRect(rect.right() - buttons, rect.y() + half, buttons, half - 1);
        if (subControl == SC_SpinBoxEditField)
            return rect.adjusted(px(6), 2, -buttons - px(4), -2);
        return rect;
    }
    if (control == CC_ComboBox) {
        if (subControl == SC_ComboBoxEditField)
            return rect.adjusted(px(7), 1, -px(24), -1);
        if (subControl == SC_ComboBoxArrow)
            return {rect.right() - px(23), rect.y(), px(23), rect.height()};
        if (subControl == SC_ComboBoxFrame)
            return rect;
    }
    if (control == CC_ScrollBar) {
        const auto* bar = qstyleoption_cast<const QStyleOptionSlider*>(option);
        if (bar && (subControl == SC_ScrollBarAddLine || subControl == SC_ScrollBarSubLine))
            return {};
        if (bar && subControl == SC_ScrollBarGroove)
            return rect;
        if (bar) {
            const bool lying = bar->orientation == Qt::Horizontal;
            const int length = lying ? rect.width() : rect.height();
            const auto range = static_cast<double>(bar->maximum) - bar->minimum;
            int slider = length;
            if (range > 0)
                slider = std::clamp(
                    static_cast<int>(length * (bar->pageStep / (range + bar->pageStep))),
                    std::min(length, px(32)), length);
            const int start = sliderPositionFromValue(
                bar->minimum, bar->maximum, bar->sliderPosition, length - slider, bar->upsideDown);
            QRect part;
            if (subControl == SC_ScrollBarSlider)
                part = QRect(start, 0, slider, 0);
            else if (subControl == SC_ScrollBarSubPage)
                part = QRect(0, 0, start, 0);
            else if (subControl == SC_ScrollBarAddPage)
                part = QRect(start + slider, 0, length - start - slider, 0);
            else
                return QProxyStyle::subControlRect(control, option, subControl, widget);
            return lying ? QRect(rect.x() + part.x(), rect.y(), part.width(), rect.height())
                         : QRect(rect.x(), rect.y() + part.x(), rect.width(), part.width());
        }
    }
    return QProxyStyle::subControlRect(control, option, subControl, widget);
}

QRect Style::subElementRect(
    SubElement element, const QStyleOption* option, const QWidget* widget) const
{
    if (element == SE_LineEditContents) {
        const QRect rect = option->rect;
        const bool withIcon = widget && widget->findChild<QToolButton*>();
        return isInnerEdit(widget) ? rect : rect.adjusted(withIcon ? 0 : px(6), 1, -px(6), -1);
    }
    if (element == SE_ProgressBarContents || element == SE_ProgressBarGroove)
        return option->rect;
    return QProxyStyle::subElementRect(element, option, widget);
}

QIcon Style::standardIcon(
    StandardPixmap which, const QStyleOption* option, const QWidget* widget) const
{
    switch (which) {
    case SP_ToolBarHorizontalExtensionButton:
        return icon(QStringLiteral("more"));
    case SP_LineEditClearButton:
    case SP_TitleBarCloseButton:
    case SP_DockWidgetCloseButton:
        return icon(QStringLiteral("close"));
    default:
        return QProxyStyle::standardIcon(which, option, widget);
    }
}

} // namespace moe::shell
