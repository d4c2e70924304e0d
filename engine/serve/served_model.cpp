// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/serve/served_model.h"

#include "engine/infer/generator.h"
#include "engine/infer/opened_model.h"

#include <chrono>
#include <string>

namespace moe::serve {

namespace {

/// Encoding takes many times a text's bytes: one that cannot fit whatever its tokens are is not
/// worth them.
void checkLength(const infer::OpenedModel& model, std::string_view text, const std::string& key)
{
    const size_t longest = model.tokenizer().longestToken();
    if (longest > 0 && text.size() / longest > static_cast<size_t>(model.context()))
        throw Error("a prompt of " + std::to_string(text.size()) + " bytes", key,
            "at most the context, " + std::to_string(model.context()) + " tokens");
}

} // namespace

ServedModel servedModel(infer::OpenedModel& model, infer::Generator& generator)
{
    ServedModel served;
    served.name = model.name();
    served.created = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
    served.context = model.context();
    served.parallel = model.parallel();
    served.encodeChat = [&model](const base::Json& chat) {
        const std::string text = model.render(chat);
        checkLength(model, text, "messages");
        return model.tokenizer().encodeRendered(text);
    };
    served.encodePrompt = [&model](std::string_view text) {
        checkLength(model, text, "prompt");
        return model.tokenizer().encodePrompt(text);
    };
    served.tokenBytes = [&model](int32_t id) {
        return model.tokenizer().bytesOf(id, false);
    };
    served.submit = [&generator](infer::GenerationRequest request, auto onPiece, auto onEnd) {
        return generator.submit(std::move(request), std::move(onPiece), std::move(onEnd));
    };
    served.cancel = [&generator](uint64_t id) {
        generator.cancel(id);
    };
    served.pages = [&generator]() -> ServedModel::Pages {
        const infer::Load load = generator.load();
        return {load.pages, load.usedPages, load.cachedPages};
    };
    return served;
}

} // namespace moe::serve
