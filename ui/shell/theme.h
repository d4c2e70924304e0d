// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QColor>
#include <QFont>
#include <QIcon>
#include <QObject>
#include <QPalette>
#include <QPixmap>
#include <QString>

#include <array>

class QApplication;
class QLabel;
class QPushButton;
class QToolButton;
class QWidget;

namespace moe::shell {

/// Every colour of the window, from look.md section 3 and 4; no colour literal stands anywhere
/// else. GUI thread.
struct Theme {
    bool dark = false;
    QColor window, base, alt, hover, line, border, text, text2, text3, disabled, accent, onAccent,
        sel, selText;
    QColor error, errorBg, warn, warnBg, ok, infoBg, grid, axis, hatch, cross;
    std::array<QColor, 6> series;
    std::array<QColor, 4> layerStops; ///< at 0, .33, .67, 1
    std::array<QColor, 7> diverging; ///< at 0, 0.5, 0.8, 1, 1.25, 1.5, 2
    std::array<QColor, 5> sequential; ///< at 0, .25, .5, .75, 1

    static Theme light();
    static Theme darkTheme();

    QColor layer(double depth) const; ///< 0…1
    QColor utilisation(double value) const; ///< diverging map, clamped to 0…2
    /// `over` blended on `base` with `opacity`: what look.md asks for instead of alpha pens.
    static QColor blend(const QColor& over, const QColor& base, double opacity);
};

enum class ThemeChoice { System, Light, Dark };

/// Fonts by role (look.md section 2), from the application font.
enum class TextRole { Caption, Secondary, Body, Chat, Section, Readout, Title };

/// The theme in force. changed() comes after palette, style and icons have switched.
class ThemeSource : public QObject {
    Q_OBJECT
public:
    static ThemeSource& instance(); ///< lives as long as the application object; made by install()
    static void install(QApplication& application, ThemeChoice choice);

    const Theme& theme() const { return m_theme; }
    void choose(ThemeChoice choice);
    ThemeChoice choice() const { return m_choice; }

Q_SIGNALS:
    void changed();

private:
    explicit ThemeSource(QApplication& application);
    bool eventFilter(QObject* watched, QEvent* event) override;
    void apply();

    QApplication& m_application;
    ThemeChoice m_choice = ThemeChoice::System;
    Theme m_theme;
    bool m_applying = false;
};

inline const Theme& theme()
{
    return ThemeSource::instance().theme();
}

/// Height of the body font's line: the unit of all sizes.
int em();
/// `pixels` at 13 px text (as look.md gives them), scaled to the font in force.
int px(double pixels);
QFont font(TextRole role, bool semibold = false);
/// For columns of numbers, axes and readouts: a font whose ten digits are equally wide.
QFont numberFont(TextRole role, bool semibold = false);
/// A symbolic 16 px icon of resources/icons (name without path and suffix), drawn in the colour
/// that `color` has in the theme in force; accent when on (checked), `disabled` when disabled.
QIcon icon(const QString& name, QColor Theme::*color = &Theme::text2);
/// One drawn icon for a label or a cell.
QPixmap iconPixmap(const QString& name, const QColor& color, int size, double devicePixelRatio);

/// Heights of look.md section 2: fields and buttons are 26 px (spin and combo boxes 24) unless
/// made small (22). A primary button (at most one a window) is filled with the accent.
void makeSmall(QWidget* control);
void makePrimary(QPushButton* button, bool primary = true);
/// Text colour of a label that follows the theme.
void setTextColor(QLabel* label, QColor Theme::*color);
/// A label in a role's font and colour.
QLabel* makeLabel(const QString& text, TextRole role, QColor Theme::*color, bool semibold = false,
    QWidget* parent = nullptr);
/// A flat icon-only button with tooltip and accessible name.
QToolButton* makeIconButton(
    const QString& iconName, const QString& what, QWidget* parent = nullptr);

} // namespace moe::shell
