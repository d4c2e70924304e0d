// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/chat/architecture.h"

#include "ui/chat/facts_panel.h"
#include "ui/chat/token_table.h"
#include "ui/models/format.h"

#include <QLocale>

namespace moe::chat {

using models::formatCount;
using Rows = std::vector<std::pair<QString, QString>>;

namespace {

QString number(double value)
{
    return QLocale().toString(value, 'g', 6);
}

/// "146,012,345 (146.0 B)".
QString counted(int64_t value)
{
    return value < 1'000'000
        ? formatCount(value)
        : FactsPanel::tr("%1 (%2)", "a number, the same short")
              .arg(formatCount(value), models::formatCompact(static_cast<double>(value)));
}

void addAttention(Rows& rows, const model::ModelConfig& config)
{
    const model::AttentionSpec& attention = config.attention;
    if (attention.kind == model::AttentionKind::Latent)
        rows.emplace_back(FactsPanel::tr("Attention"),
            FactsPanel::tr("%1 heads over a latent of %2")
                .arg(config.heads)
                .arg(attention.latentRank));
    else
        rows.emplace_back(FactsPanel::tr("Attention"),
            FactsPanel::tr("%1 heads of %2, %3 of keys and values")
                .arg(config.heads)
                .arg(config.headDim)
                .arg(config.kvHeads));
    QStringList more;
    if (attention.qkvBias)
        more += FactsPanel::tr("biases");
    if (attention.qkNorm != model::QkNorm::None)
        more += FactsPanel::tr("query and key norms");
    if (attention.sinks)
        more += FactsPanel::tr("sinks");
    if (!attention.windows.empty())
        more += FactsPanel::tr("sliding windows");
    if (!more.isEmpty())
        rows.emplace_back(
            FactsPanel::tr("Attention has"), more.join(FactsPanel::tr(", ", "between parts")));
    const model::RopeScaling& rope = config.ropeScaling;
    rows.emplace_back(FactsPanel::tr("Rotary embedding"),
        rope.type == "default" ? FactsPanel::tr("base %1").arg(number(config.ropeTheta))
                               : FactsPanel::tr("base %1, scaled %2 × as %3")
                                     .arg(number(config.ropeTheta), number(rope.factor),
                                         QString::fromStdString(rope.type)));
}

void addExperts(Rows& rows, const model::ModelConfig& config)
{
    if (!config.isMoe()) {
        rows.emplace_back(FactsPanel::tr("Experts"), FactsPanel::tr("none, dense"));
        return;
    }
    rows.emplace_back(FactsPanel::tr("Experts"),
        FactsPanel::tr("%1, of which a token takes %2").arg(config.experts).arg(config.topK));
    rows.emplace_back(FactsPanel::tr("Expert columns"), formatCount(config.expertSize()));
    if (config.moe.sharedSize > 0)
        rows.emplace_back(
            FactsPanel::tr("Shared expert columns"), formatCount(config.moe.sharedSize));
    if (config.moeLayers() < config.layers)
        rows.emplace_back(FactsPanel::tr("Dense layers"),
            FactsPanel::tr("%1 of %2").arg(config.layers - config.moeLayers()).arg(config.layers));
    QString gate
        = config.moe.twoLayerGate ? FactsPanel::tr("two layers") : FactsPanel::tr("linear");
    if (config.logitsNorm)
        gate += FactsPanel::tr(", logits normalised, λ %1").arg(number(config.gateNormStd));
    rows.emplace_back(FactsPanel::tr("Gate"), gate);
}

void addTokenizer(Rows& rows, const infer::OpenedModel& model)
{
    rows.emplace_back(FactsPanel::tr("Tokenizer"),
        FactsPanel::tr("%1 tokens").arg(formatCount(model.tokenizer().vocabSize())));
    QStringList ends;
    for (const int32_t id : model.endOfSequence())
        ends += FactsPanel::tr("%1 %2", "a token's id, its text")
                    .arg(QString::number(id), tokenText(model.tokenizer().decode({id})));
    rows.emplace_back(FactsPanel::tr("A reply ends at"),
        ends.isEmpty() ? models::unknownText() : ends.join(FactsPanel::tr(", ", "between tokens")));
    rows.emplace_back(FactsPanel::tr("Chat template"),
        model.chat().chatTemplate ? FactsPanel::tr("its own")
                                  : FactsPanel::tr("none: messages are joined by newlines"));
}

} // namespace

Rows architectureOf(const infer::OpenedModel& model)
{
    const model::ModelConfig& config = model.config();
    Rows rows;
    rows.emplace_back(FactsPanel::tr("Architecture"), QString::fromStdString(config.architecture));
    rows.emplace_back(FactsPanel::tr("Parameters"), counted(config.parameters()));
    rows.emplace_back(FactsPanel::tr("Active a token"), counted(config.activeParameters()));
    rows.emplace_back(FactsPanel::tr("Weights"),
        config.quantMethod.empty()
            ? FactsPanel::tr("as they were trained")
            : FactsPanel::tr("quantised as %1").arg(QString::fromStdString(config.quantMethod)));
    rows.emplace_back(FactsPanel::tr("Layers"), formatCount(config.layers));
    rows.emplace_back(FactsPanel::tr("Hidden size"), formatCount(config.hiddenSize));
    addAttention(rows, config);
    if (config.moeLayers() < config.layers)
        rows.emplace_back(FactsPanel::tr("FFN columns"), formatCount(config.intermediateSize));
    addExperts(rows, config);
    rows.emplace_back(FactsPanel::tr("RMS norm ε"), models::formatLearningRate(config.rmsNormEps));
    rows.emplace_back(FactsPanel::tr("Embedding and head"),
        config.tieWordEmbeddings ? FactsPanel::tr("one matrix") : FactsPanel::tr("two matrices"));
    rows.emplace_back(FactsPanel::tr("Vocabulary"), formatCount(config.vocabSize));
    rows.emplace_back(FactsPanel::tr("Context"),
        model.context() == config.maxPositions
            ? FactsPanel::tr("%1 tokens").arg(formatCount(config.maxPositions))
            : FactsPanel::tr("%1 tokens, opened for %2")
                  .arg(formatCount(config.maxPositions), formatCount(model.context())));
    addTokenizer(rows, model);
    return rows;
}

} // namespace moe::chat
