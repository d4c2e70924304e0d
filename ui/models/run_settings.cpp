// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/run_settings.h"

#include "engine/model/config.h"
#include "kernels/error.h"

#include <nlohmann/json.hpp>

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>

namespace moe::models {

namespace {

using Coefficient = RunSettings::Coefficient;

void takeCoefficient(RunSettings& settings, const QJsonValue& value)
{
    if (value.isDouble()) {
        settings.coefficient = Coefficient::Constant;
        settings.constant = value.toDouble();
    } else if (value.isArray()) {
        settings.coefficient = Coefficient::List;
        settings.list.clear();
        for (const auto& number : value.toArray())
            settings.list.push_back(number.toDouble());
    } else if (value.isObject()) {
        const QJsonObject law = value.toObject().value(QLatin1String("adaptive")).toObject();
        settings.coefficient = Coefficient::Adaptive;
        settings.xi = law.value(QLatin1String("xi")).toDouble(settings.xi);
        settings.alphaMax = law.value(QLatin1String("alpha_max")).toDouble(settings.alphaMax);
        settings.beta = law.value(QLatin1String("beta")).toDouble(settings.beta);
    }
}

/// The contract's, for keys that a file leaves out.
void setDefaults(RunSettings& settings)
{
    settings.lr = 1e-3;
    settings.schedule = QStringLiteral("cosine");
    settings.capacityFactor = 1.25;
    settings.dropPolicy = QStringLiteral("probs");
    settings.auxLoss = QStringLiteral("skywork");
    settings.clipGrad = 1;
    settings.precision = QStringLiteral("float32");
}

/// A number, or null for "without".
void takeOrNone(std::optional<double>& setting, const QJsonObject& in, const char* key)
{
    if (!in.contains(QLatin1String(key)))
        return;
    const QJsonValue value = in.value(QLatin1String(key));
    setting = value.isDouble() ? std::optional(value.toDouble()) : std::nullopt;
}

void applySteering(RunSettings& settings, const QString& key, const QJsonValue& to)
{
    if (key == QLatin1String("optimizer.lr"))
        settings.lr = to.toDouble(settings.lr);
    else if (key == QLatin1String("moe.capacity_factor"))
        settings.capacityFactor = to.isDouble() ? std::optional(to.toDouble()) : std::nullopt;
    else if (key == QLatin1String("moe.aux_coeff"))
        takeCoefficient(settings, to);
    else if (key == QLatin1String("moe.aux_coeff.adaptive.xi"))
        settings.xi = to.toDouble(settings.xi);
    else if (key == QLatin1String("moe.aux_coeff.adaptive.alpha_max"))
        settings.alphaMax = to.toDouble(settings.alphaMax);
    else if (key == QLatin1String("moe.aux_coeff.adaptive.beta"))
        settings.beta = to.toDouble(settings.beta);
}

void countParameters(RunSettings& settings, const QJsonValue& model)
{
    if (!model.isObject())
        return;
    try {
        const model::ModelConfig config = model::parseConfig(
            base::parseJson(
                QJsonDocument(model.toObject()).toJson(QJsonDocument::Compact).toStdString(),
                "run file"),
            "run file");
        settings.parameters = config.parameters();
        settings.activeParameters = config.activeParameters();
        settings.topK = config.topK;
    } catch (const Error&) {
        // An imported run's file may hold anything: then nothing is said about its size.
        settings.parameters = 0;
    }
}

} // namespace

RunSettings settingsOf(const telemetry::RunInfo& run, const std::vector<NumberedEvent>& events)
{
    RunSettings settings;
    const QJsonObject file
        = QJsonDocument::fromJson(QByteArray::fromStdString(run.runFile)).object();
    const auto object = [&file](const char* key) {
        return file.value(QLatin1String(key)).toObject();
    };
    const auto integer = [](const QJsonObject& in, const char* key, int64_t fallback) {
        return static_cast<int64_t>(
            in.value(QLatin1String(key)).toDouble(static_cast<double>(fallback)));
    };
    settings.known = !file.isEmpty();
    if (settings.known)
        setDefaults(settings);
    const QJsonObject optimizer = object("optimizer"), moe = object("moe"),
                      parallel = object("parallel");
    settings.lr = optimizer.value(QLatin1String("lr")).toDouble(settings.lr);
    settings.schedule = optimizer.value(QLatin1String("schedule")).toString(settings.schedule);
    settings.warmupSteps = integer(optimizer, "warmup_steps", 0);
    takeOrNone(settings.clipGrad, optimizer, "clip_grad");
    takeOrNone(settings.capacityFactor, moe, "capacity_factor");
    settings.dropPolicy = moe.value(QLatin1String("drop_policy")).toString(settings.dropPolicy);
    settings.auxLoss = moe.value(QLatin1String("aux_loss")).toString(settings.auxLoss);
    takeCoefficient(settings, moe.value(QLatin1String("aux_coeff")));
    settings.validEvery = integer(file, "valid_every", 0);
    settings.trainSteps = run.trainSteps > 0 ? run.trainSteps : integer(file, "train_steps", 0);
    settings.tokensPerStep
        = integer(file, "sequence_length", 0) * integer(file, "global_batch_size", 0);
    settings.precision = file.value(QLatin1String("precision")).toString(settings.precision);
    settings.tensor = integer(parallel, "tensor", 1);
    settings.pipeline = integer(parallel, "pipeline", 1);
    settings.data = integer(parallel, "data", 1);
    settings.zero = integer(parallel, "zero", 1);
    for (const auto& probe : object("data").value(QLatin1String("probes")).toArray())
        settings.probes += probe.toObject().value(QLatin1String("name")).toString();
    countParameters(settings, file.value(QLatin1String("model")));
    for (const NumberedEvent& numbered : events) {
        if (numbered.event.kind != "steered")
            continue;
        const QJsonObject payload
            = QJsonDocument::fromJson(QByteArray::fromStdString(numbered.event.payload)).object();
        applySteering(settings, payload.value(QLatin1String("key")).toString(),
            payload.value(QLatin1String("to")));
    }
    return settings;
}

} // namespace moe::models
