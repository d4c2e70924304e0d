// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QProxyStyle>

namespace moe::shell {

/// Dynamic properties that controls are drawn by.
inline constexpr const char* kSmallProperty = "moeSmall"; ///< 22 px high instead of 26
inline constexpr const char* kPrimaryProperty = "moePrimary"; ///< filled with the accent
inline constexpr const char* kUnderlinedProperty = "moeUnderlined"; ///< tool bar: checked actions
inline constexpr const char* kFramelessProperty = "moeFrameless"; ///< field without its frame

/// Fusion, redrawn where look.md section 6 asks for something else: flat controls on the palette, a
/// 2 px accent ring for focus, one-pixel separators, no frames. Knows only the theme in force.
/// Sizes and hints stand in style.cpp, what draws
/// which thing in style_dispatch.cpp, the hands in style_controls.cpp and style_views.cpp.
class Style : public QProxyStyle {
    Q_OBJECT
public:
    Style();

    void polish(QWidget* widget) override;
    void polish(QPalette& palette) override { QProxyStyle::polish(palette); }
    int pixelMetric(PixelMetric metric, const QStyleOption* option = nullptr,
        const QWidget* widget = nullptr) const override;
    int styleHint(StyleHint hint, const QStyleOption* option = nullptr,
        const QWidget* widget = nullptr, QStyleHintReturn* data = nullptr) const override;
    QSize sizeFromContents(ContentsType type, const QStyleOption* option, const QSize& size,
        const QWidget* widget) const override;
    QRect subControlRect(ComplexControl control, const QStyleOptionComplex* option,
        SubControl subControl, const QWidget* widget) const override;
    QRect subElementRect(
        SubElement element, const QStyleOption* option, const QWidget* widget) const override;
    void drawPrimitive(PrimitiveElement element, const QStyleOption* option, QPainter* painter,
        const QWidget* widget) const override;
    void drawControl(ControlElement element, const QStyleOption* option, QPainter* painter,
        const QWidget* widget) const override;
    void drawComplexControl(ComplexControl control, const QStyleOptionComplex* option,
        QPainter* painter, const QWidget* widget) const override;

    QIcon standardIcon(StandardPixmap which, const QStyleOption* option = nullptr,
        const QWidget* widget = nullptr) const override;

private:
    void drawViewItem(const QStyleOption* option, QPainter* painter, const QWidget* widget) const;
};

} // namespace moe::shell
