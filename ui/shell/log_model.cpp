// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/log_model.h"

#include "ui/shell/theme.h"

#include <QLocale>
#include <QPointer>

#include <algorithm>
#include <cstdio>

namespace moe::shell {

void LogModel::append(const QList<LogLine>& lines)
{
    if (lines.isEmpty())
        return;
    const auto kept = std::min<qsizetype>(lines.size(), kCapacity);
    const auto overflow
        = static_cast<int>(static_cast<qsizetype>(m_lines.size()) + kept) - kCapacity;
    if (overflow > 0) {
        beginRemoveRows({}, 0, overflow - 1);
        m_lines.erase(m_lines.begin(), m_lines.begin() + overflow);
        endRemoveRows();
    }
    const auto first = static_cast<int>(m_lines.size());
    beginInsertRows({}, first, first + static_cast<int>(kept) - 1);
    m_lines.insert(m_lines.end(), lines.end() - kept, lines.end());
    endInsertRows();
}

void LogModel::clear()
{
    beginResetModel();
    m_lines.clear();
    endResetModel();
}

QString LogModel::levelName(base::LogLevel level)
{
    switch (level) {
    case base::LogLevel::Debug:
        return tr("debug");
    case base::LogLevel::Info:
        return tr("info");
    case base::LogLevel::Warning:
        return tr("warning");
    case base::LogLevel::Error:
        return tr("error");
    }
    return {};
}

QString LogModel::plainText(const QModelIndex& index) const
{
    const LogLine& line = m_lines.at(static_cast<size_t>(index.row()));
    return QStringLiteral("%1\t%2\t%3")
        .arg(line.time.toString(Qt::ISODateWithMs), QLatin1String(base::nameOf(line.level)),
            line.text);
}

int LogModel::rowCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_lines.size());
}

int LogModel::columnCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : ColumnCount;
}

QVariant LogModel::data(const QModelIndex& index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const LogLine& line = m_lines.at(static_cast<size_t>(index.row()));
    if (role == LevelRole)
        return static_cast<int>(line.level);
    if (role == Qt::ForegroundRole) {
        if (index.column() == Text)
            return theme().text;
        if (index.column() == Level && line.level == base::LogLevel::Error)
            return theme().error;
        if (index.column() == Level && line.level == base::LogLevel::Warning)
            return theme().warn;
        return theme().text3;
    }
    if (role == Qt::ToolTipRole && index.column() == Text)
        return line.text;
    if (role != Qt::DisplayRole)
        return {};
    switch (index.column()) {
    case Time:
        return line.time.toString(QStringLiteral("HH:mm:ss.zzz"));
    case Level:
        return levelName(line.level);
    default:
        return line.text;
    }
}

QVariant LogModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal)
        return {};
    if (role == Qt::TextAlignmentRole)
        return QVariant(Qt::AlignLeft | Qt::AlignVCenter);
    if (role != Qt::DisplayRole)
        return {};
    switch (section) {
    case Time:
        return tr("Time");
    case Level:
        return tr("Level");
    default:
        return tr("Text");
    }
}

/// Lines wait here until the GUI thread takes them; one wake-up is under way at most.
struct LogCollector::Inbox : std::enable_shared_from_this<Inbox> {
    QPointer<LogModel> model; ///< read on the GUI thread only
    QObject* guiContext = nullptr;
    QMutex mutex;
    QList<LogLine> waiting;
    bool open = true, wakeUpPosted = false;
    QtMessageHandler previous = nullptr;

    static std::shared_ptr<Inbox>& current()
    {
        static std::shared_ptr<Inbox> inbox;
        return inbox;
    }

    void put(base::LogLevel level, const QString& text)
    {
        const QMutexLocker lock(&mutex);
        if (!open)
            return;
        waiting.append({QDateTime::currentDateTime(), level, text});
        if (waiting.size() > LogModel::kCapacity)
            waiting.remove(0, waiting.size() - LogModel::kCapacity);
        if (std::exchange(wakeUpPosted, true))
            return;
        QMetaObject::invokeMethod(
            guiContext, [self = shared_from_this()] { self->take(); }, Qt::QueuedConnection);
    }

    void take()
    {
        QList<LogLine> lines;
        {
            const QMutexLocker lock(&mutex);
            wakeUpPosted = false;
            lines.swap(waiting);
        }
        if (model)
            model->append(lines);
    }
};

LogCollector::LogCollector(LogModel& model)
    : m_inbox(std::make_shared<Inbox>())
{
    m_inbox->model = &model;
    m_inbox->guiContext = &model;
    Inbox::current() = m_inbox;
    base::setLogSink([inbox = m_inbox](base::LogLevel level, const std::string& text) {
        inbox->put(level, QString::fromStdString(text));
        if (level >= base::LogLevel::Warning)
            std::fprintf(stderr, "%s: %s\n", base::nameOf(level), text.c_str());
    });
    m_inbox->previous = qInstallMessageHandler(
        [](QtMsgType type, const QMessageLogContext& context, const QString& text) {
            const std::shared_ptr<Inbox> inbox = Inbox::current();
            if (!inbox)
                return;
            const auto level = type == QtDebugMsg ? base::LogLevel::Debug
                : type == QtInfoMsg               ? base::LogLevel::Info
                : type == QtWarningMsg            ? base::LogLevel::Warning
                                                  : base::LogLevel::Error;
            inbox->put(level, text);
            if (inbox->previous)
                inbox->previous(type, context, text);
        });
}

LogCollector::~LogCollector()
{
    base::setLogSink({});
    qInstallMessageHandler(m_inbox->previous);
    const QMutexLocker lock(&m_inbox->mutex);
    m_inbox->open = false;
    Inbox::current().reset();
}

} // namespace moe::shell
