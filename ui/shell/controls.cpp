// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/segments.h"
#include "ui/shell/style.h"
#include "ui/shell/style_draw.h"
#include "ui/shell/theme.h"

#include <QCoreApplication>
#include <QEvent>
#include <QLabel>
#include <QPushButton>
#include <QToolButton>

namespace moe::shell {

void makeSmall(QWidget* control)
{
    control->setProperty(kSmallProperty, true);
    QEvent changed(QEvent::StyleChange); // a button forgets its size hint on nothing less
    QCoreApplication::sendEvent(control, &changed);
    control->updateGeometry();
}

void makePrimary(QPushButton* button, bool primary)
{
    button->setProperty(kPrimaryProperty, primary);
    button->update();
}

void makeField(QToolButton* button)
{
    button->setProperty(kFieldProperty, true);
    button->updateGeometry();
}

void makeSegments(const QList<QPushButton*>& buttons)
{
    for (qsizetype i = 0; i < buttons.size(); ++i) {
        makeSmall(buttons[i]);
        buttons[i]->setProperty(kJoinedProperty,
            (i > 0 ? kJoinedLeft : 0) | (i + 1 < buttons.size() ? kJoinedRight : 0));
    }
}

void setTextColor(QLabel* label, QColor Theme::*color)
{
    label->setForegroundRole(QPalette::WindowText); // on a Base ground a label would take Text
    const auto apply = [label, color] {
        QPalette palette = label->palette();
        palette.setColor(QPalette::Active, QPalette::WindowText, theme().*color);
        palette.setColor(QPalette::Inactive, QPalette::WindowText, theme().*color);
        palette.setColor(QPalette::Disabled, QPalette::WindowText, theme().disabled);
        label->setPalette(palette);
    };
    // one connection a label: the last colour counts
    static constexpr const char* kFollower = "moeTextColor";
    delete label->findChild<QObject*>(QLatin1String(kFollower), Qt::FindDirectChildrenOnly);
    auto* follower = new QObject(label);
    follower->setObjectName(QLatin1String(kFollower));
    QObject::connect(&ThemeSource::instance(), &ThemeSource::changed, follower, apply);
    apply();
}

QLabel* makeLabel(
    const QString& text, TextRole role, QColor Theme::*color, bool semibold, QWidget* parent)
{
    auto* label = new QLabel(text, parent);
    label->setFont(font(role, semibold));
    label->setTextFormat(Qt::PlainText);
    setTextColor(label, color);
    return label;
}

QToolButton* makeIconButton(const QString& iconName, const QString& what, QWidget* parent)
{
    auto* button = new QToolButton(parent);
    button->setIcon(icon(iconName));
    button->setIconSize(QSize(px(16), px(16)));
    button->setAutoRaise(true);
    button->setToolTip(what);
    button->setAccessibleName(what);
    button->setFixedSize(px(24), px(24));
    button->setFocusPolicy(Qt::TabFocus);
    return button;
}

} // namespace moe::shell
