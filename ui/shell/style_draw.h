// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QPainter>
#include <QStyleOption>

namespace moe::shell {

/// What the style asks of a widget before it measures or draws it.
bool flagged(const QWidget* widget, const char* property);
bool isTextArea(const QWidget* widget);
bool isInUnderlinedBar(const QWidget* widget);
bool isInnerEdit(const QWidget* widget); ///< the field inside a spin or combo box

/// Beside the body of a tool bar's button, px: it takes clicks, but is not filled or underlined.
inline constexpr double kBarGap = 8;

/// The hand of the style: each draws one kind of thing in the theme's colours. GUI thread.

void drawFocusRing(QPainter& painter, const QRectF& rect); ///< 2 px accent, round the border
void drawField(QPainter& painter, const QStyleOption& option); ///< frame and ground of an input
void drawChevron(QPainter& painter, const QRect& rect, bool down, bool enabled);
/// More dynamic properties that controls are drawn by (style.h).
inline constexpr const char* kFieldProperty = "moeField"; ///< tool button framed like a combo box
inline constexpr const char* kJoinedProperty = "moeJoined"; ///< push button: its joined sides

/// Sides at which a button goes over into the next one of a row.
enum Joined { kAlone = 0, kJoinedLeft = 1, kJoinedRight = 2 };

void drawPushButton(QPainter& painter, const QStyleOptionButton& option, bool primary,
    bool isMenuButton, int joined = kAlone);
void drawToolButton(
    QPainter& painter, const QStyleOptionToolButton& option, bool underlined, bool isField);
void drawIndicator(QPainter& painter, const QStyleOption& option, bool round);
void drawComboBox(QPainter& painter, const QStyleOptionComboBox& option);
void drawSlider(QPainter& painter, const QStyleOptionSlider& option, const QRect& handle);
void drawProgressBar(QPainter& painter, const QStyleOptionProgressBar& option);

void drawTab(QPainter& painter, const QStyleOptionTab& option);
void drawHeaderSection(QPainter& painter, const QStyleOptionHeader& option);
void drawScrollBar(QPainter& painter, const QStyleOptionSlider& option, const QRect& handle);
void drawSplitterLine(QPainter& painter, const QRect& rect);
void drawMenuBarItem(QPainter& painter, const QStyleOptionMenuItem& option);
void drawMenuItem(QPainter& painter, const QStyleOptionMenuItem& option, int iconColumn);

} // namespace moe::shell
