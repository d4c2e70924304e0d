// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/machine.h"

#include "ui/shell/mailbox.h"

#include <QCoreApplication>
#include <QFile>
#include <QLocale>
#include <QRegularExpression>
#include <QThread>

#include <exception>

namespace moe::shell {

namespace {

int64_t kibibytesOf(const QString& meminfo, const QString& key)
{
    const QRegularExpression line(
        QStringLiteral("^%1:\\s+(\\d{1,15})\\s+kB$").arg(key), QRegularExpression::MultilineOption);
    return line.match(meminfo).captured(1).toLongLong() * 1024;
}

/// A thread that deletes itself; `work` must not touch widgets.
void startThread(std::function<void()> work)
{
    QThread* thread = QThread::create(std::move(work));
    QObject::connect(thread, &QThread::finished, thread, &QObject::deleteLater);
    QObject::connect(qApp, &QCoreApplication::aboutToQuit, thread, [thread] { thread->wait(); });
    thread->start();
}

} // namespace

MachineFacts parseMeminfo(const QString& meminfo)
{
    MachineFacts facts;
    facts.memoryBytes = kibibytesOf(meminfo, QStringLiteral("MemTotal"));
    facts.freeBytes = kibibytesOf(meminfo, QStringLiteral("MemAvailable"));
    return facts;
}

void readMachine(QObject* receiver, std::function<void(MachineFacts)> done)
{
    startThread([mailbox = Mailbox(receiver), done = std::move(done)] {
        QFile file(QStringLiteral("/proc/meminfo"));
        MachineFacts facts;
        if (file.open(QIODevice::ReadOnly))
            facts = parseMeminfo(QString::fromLatin1(file.readAll()));
        facts.cores = QThread::idealThreadCount();
        mailbox.post([mailbox, done, facts] {
            mailbox.close();
            done(facts);
        });
    });
}

void runAside(QObject* receiver, std::function<QString()> work, std::function<void(QString)> done)
{
    startThread([mailbox = Mailbox(receiver), work = std::move(work), done = std::move(done)] {
        QString line;
        try {
            line = work();
        } catch (const std::exception& problem) {
            line = QString::fromUtf8(problem.what());
        }
        mailbox.post([mailbox, done, line] {
            mailbox.close();
            done(line);
        });
    });
}

QString gigabytes(int64_t bytes)
{
    return QLocale().toString(static_cast<double>(bytes) / 1e9, 'f', 1);
}

} // namespace moe::shell
