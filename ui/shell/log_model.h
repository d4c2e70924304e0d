// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/base/log.h"

#include <QAbstractTableModel>
#include <QDateTime>
#include <QList>
#include <QMutex>

#include <deque>
#include <memory>

namespace moe::shell {

struct LogLine {
    QDateTime time;
    base::LogLevel level = base::LogLevel::Info;
    QString text;
};

/// The last lines of the log, oldest first: time, level, text. GUI thread.
class LogModel : public QAbstractTableModel {
    Q_OBJECT
public:
    static constexpr int kCapacity = 10'000;
    enum Column { Time, Level, Text, ColumnCount };
    enum Role { LevelRole = Qt::UserRole };

    using QAbstractTableModel::QAbstractTableModel;
    void append(const QList<LogLine>& lines); ///< the oldest give way
    void clear();
    static QString levelName(base::LogLevel level);
    QString plainText(const QModelIndex& index) const; ///< the row as one line

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    std::deque<LogLine> m_lines;
};

/// Catches what the engine logs (base::setLogSink) and what Qt says (qInstallMessageHandler), from
/// any thread, and brings it to a model on the GUI thread; warnings still go to standard error.
/// One at a time; the destructor gives both back.
class LogCollector {
public:
    explicit LogCollector(LogModel& model);
    ~LogCollector();
    LogCollector(const LogCollector&) = delete;
    LogCollector& operator=(const LogCollector&) = delete;

private:
    struct Inbox;
    std::shared_ptr<Inbox> m_inbox;
};

} // namespace moe::shell
