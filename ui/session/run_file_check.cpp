// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/session/run_file_check.h"

#include "engine/train/trainer.h"
#include "ui/session/error_line.h"

#include <nlohmann/json.hpp>

#include <QMetaObject>
#include <QRegularExpression>

namespace moe::session {

namespace {

RunFileVerdict verdictOn(
    const QString& preset, const QList<RunFileEntry>& entries, const QString& folder)
{
    RunFileVerdict verdict;
    base::Json json = base::Json::object();
    verdict.error = errorLineOf([&] {
        json["name"] = "";
        if (!preset.isEmpty())
            json["model"] = model::toJson(train::modelPreset(preset.toStdString()));
        for (const RunFileEntry& entry : entries) {
            const std::string value = entry.isText ? base::Json(entry.value.toStdString()).dump()
                                                   : entry.value.toStdString();
            train::applySet(json, entry.key.toStdString() + "=" + value);
        }
    });
    if (verdict.error.isEmpty()) {
        verdict.error = errorLineOf([&] {
            verdict.file = std::make_shared<const train::RunFile>(
                train::parseRunFile(json, "new run", folder.toStdString()));
        });
    }
    verdict.json
        = QString::fromStdString(json.dump(2, ' ', false, base::Json::error_handler_t::replace));
    verdict.key = keyNamedIn(verdict.error);
    return verdict;
}

} // namespace

QString keyNamedIn(const QString& line)
{
    QString longest;
    for (const train::RunFileKey& known : train::runFileKeys()) {
        const QString key = QString::fromStdString(known.key);
        const QRegularExpression whole(
            QStringLiteral("(?<![\\w.])%1(?![\\w.]*\\w)").arg(QRegularExpression::escape(key)));
        if (key.size() > longest.size() && whole.match(line).hasMatch())
            longest = key;
    }
    return longest;
}

RunFileCheck::RunFileCheck(QObject* parent)
    : QObject(parent)
{
    m_pool.setMaxThreadCount(1);
}

RunFileCheck::~RunFileCheck()
{
    m_pool.clear();
    m_pool.waitForDone(); // a check takes milliseconds
}

void RunFileCheck::check(
    const QString& preset, const QList<RunFileEntry>& entries, const QString& folder)
{
    const quint64 request = ++m_last;
    m_pool.clear(); // what waits is out of date
    m_pool.start([this, request, preset, entries, folder] {
        RunFileVerdict verdict = verdictOn(preset, entries, folder);
        verdict.request = request;
        QMetaObject::invokeMethod(
            this,
            [this, verdict] {
                if (verdict.request == m_last)
                    Q_EMIT checked(verdict);
            },
            Qt::QueuedConnection);
    });
}

} // namespace moe::session
