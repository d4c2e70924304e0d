// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/shell/log_model.h"

#include <QDockWidget>
#include <QSortFilterProxyModel>

class QComboBox;
class QLineEdit;
class QTableView;

namespace moe::shell {

/// The log by least level and text.
class LogFilter : public QSortFilterProxyModel {
    Q_OBJECT
public:
    using QSortFilterProxyModel::QSortFilterProxyModel;
    void setLeast(base::LogLevel level);
    void setText(const QString& text);

protected:
    bool filterAcceptsRow(int row, const QModelIndex& parent) const override;

private:
    base::LogLevel m_least = base::LogLevel::Info;
    QString m_text;
};

/// The log (Ctrl+`): filter, copy, save. Object name "logDock". GUI thread.
class LogDock : public QDockWidget {
    Q_OBJECT
public:
    explicit LogDock(LogModel& model, QWidget* parent = nullptr);

    bool saveTo(const QString& path, QString* problem) const;

Q_SIGNALS:
    void saved(const QString& path);
    void saveFailed(const QString& line);

private:
    QWidget* makeTitleBar();
    void saveAs();

    LogModel& m_model;
    LogFilter* m_filter;
    QTableView* m_table;
};

} // namespace moe::shell
