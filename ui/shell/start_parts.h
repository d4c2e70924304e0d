// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QAbstractButton>
#include <QAction>
#include <QPointer>

namespace moe::shell {

/// A row of the start page: icon, what it does, a line below it, its key. Does an action, and is
/// disabled when the action is.
class BeginRow : public QAbstractButton {
    Q_OBJECT
public:
    BeginRow(QAction* action, const QString& iconName, const QString& title, const QString& detail,
        QWidget* parent = nullptr);
    QSize sizeHint() const override;

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    void followAction();
    QPointer<QAction> m_action;
    QString m_iconName, m_detail;
};

/// Text in the accent that can be clicked and reached with Tab.
class LinkButton : public QAbstractButton {
    Q_OBJECT
public:
    explicit LinkButton(QWidget* parent = nullptr);
    QSize sizeHint() const override;

protected:
    void paintEvent(QPaintEvent* event) override;
};

/// The field in the menu bar's corner that opens the palette.
class SearchField : public QAbstractButton {
    Q_OBJECT
public:
    explicit SearchField(QAction* action, QWidget* parent = nullptr);
    QSize sizeHint() const override;

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    QPointer<QAction> m_action;
};

} // namespace moe::shell
