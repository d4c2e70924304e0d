// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/event_text.h"

#include "ui/models/format.h"

#include <QCoreApplication>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>

namespace moe::models {

namespace {

QString tr(const char* text)
{
    return QCoreApplication::translate("moe::models", text);
}

QJsonObject payloadOf(const telemetry::RunEvent& event)
{
    return QJsonDocument::fromJson(QByteArray::fromStdString(event.payload)).object();
}

QString steeredValue(const QString& key, const QJsonValue& value)
{
    if (value.isNull() || value.isUndefined())
        return key.endsWith(QLatin1String("capacity_factor")) ? tr("dropless") : unknownText();
    if (value.isArray())
        return tr("%1 numbers").arg(value.toArray().size());
    if (value.isObject())
        return tr("adaptive");
    if (!value.isDouble())
        return value.toString();
    const double number = value.toDouble();
    if (key.endsWith(QLatin1String(".lr")))
        return formatLearningRate(number);
    if (key.endsWith(QLatin1String("beta")))
        return formatFixed(number, 3);
    if (key.endsWith(QLatin1String("xi")) || key.endsWith(QLatin1String("capacity_factor")))
        return formatFixed(number, 2);
    return formatAlpha(number);
}

QString steered(const QJsonObject& payload)
{
    const QString key = payload.value(QLatin1String("key")).toString();
    QString text = tr("%1 %2 → %3")
                       .arg(nameOfKey(key), steeredValue(key, payload.value(QLatin1String("from"))),
                           steeredValue(key, payload.value(QLatin1String("to"))));
    const QString by = payload.value(QLatin1String("by")).toString();
    if (!by.isEmpty())
        text += tr(", by %1").arg(by == QLatin1String("you") ? tr("you") : by);
    text[0] = text[0].isLower() && text[0].unicode() < 0x80 ? text[0].toUpper() : text[0];
    return text;
}

} // namespace

QString nameOfKey(const QString& key)
{
    if (key == QLatin1String("moe.aux_coeff.adaptive.xi"))
        return QStringLiteral("ξ");
    if (key == QLatin1String("moe.aux_coeff.adaptive.alpha_max"))
        return QStringLiteral("α_max");
    if (key == QLatin1String("moe.aux_coeff.adaptive.beta"))
        return QStringLiteral("β");
    if (key == QLatin1String("moe.aux_coeff"))
        return QStringLiteral("α");
    if (key.startsWith(QLatin1String("moe.aux_coeff.")))
        return tr("α of layer %1").arg(key.section(QLatin1Char('.'), -1));
    if (key == QLatin1String("moe.capacity_factor"))
        return tr("capacity factor");
    if (key == QLatin1String("optimizer.lr"))
        return tr("peak learning rate");
    return key;
}

FlagKind flagOf(const telemetry::RunEvent& event)
{
    if (event.kind == "steered")
        return FlagKind::Steered;
    if (event.kind == "dead_expert" || event.kind == "failed")
        return FlagKind::FoundByEngine;
    return FlagKind::None;
}

std::optional<DeadExpert> deadExpertOf(const telemetry::RunEvent& event)
{
    if (event.kind != "dead_expert")
        return std::nullopt;
    const QJsonObject payload = payloadOf(event);
    return DeadExpert{payload.value(QLatin1String("layer")).toInt(-1),
        payload.value(QLatin1String("expert")).toInt(-1),
        static_cast<int64_t>(
            payload.value(QLatin1String("since_step")).toDouble(static_cast<double>(event.step)))};
}

std::optional<int64_t> resumedFrom(const telemetry::RunEvent& event)
{
    const QJsonValue from = payloadOf(event).value(QLatin1String("from_step"));
    if (!from.isDouble())
        return std::nullopt;
    return static_cast<int64_t>(from.toDouble());
}

QString whatHappened(const telemetry::RunEvent& event)
{
    const QJsonObject payload = payloadOf(event);
    const auto number = [&payload](const char* key) {
        return payload.value(QLatin1String(key)).toDouble(std::nan(""));
    };
    if (event.kind == "steered")
        return steered(payload);
    if (event.kind == "checkpoint") {
        const double seconds = number("seconds");
        return std::isfinite(seconds) ? tr("Checkpoint saved, %1 s").arg(formatFixed(seconds, 1))
                                      : tr("Checkpoint saved");
    }
    if (event.kind == "validation")
        return tr("Validation loss %1").arg(formatLoss(number("valid_loss")));
    if (const auto dead = deadExpertOf(event))
        return tr("Layer %1: expert %2 dead").arg(dead->layer).arg(dead->expert);
    if (event.kind == "resumed")
        return tr("Resumed from step %1").arg(formatCount(resumedFrom(event).value_or(event.step)));
    if (event.kind == "failed")
        return tr("Failed: %1").arg(payload.value(QLatin1String("error")).toString());
    if (event.kind == "stopped") {
        const QString signal = payload.value(QLatin1String("signal")).toString();
        return signal.isEmpty() ? tr("Stopped") : tr("Stopped by %1").arg(signal);
    }
    if (event.kind == "started")
        return tr("Started");
    if (event.kind == "paused")
        return tr("Paused");
    if (event.kind == "unpaused")
        return tr("Went on");
    if (event.kind == "finished")
        return tr("Finished");
    if (event.kind == "warmup_over")
        return tr("Warm-up over");
    if (event.kind == "note")
        return payload.value(QLatin1String("text")).toString();
    return QString::fromStdString(event.kind);
}

} // namespace moe::models
