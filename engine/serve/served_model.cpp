// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/serve/served_model.h"

#include "engine/infer/generator.h"
#include "engine/infer/opened_model.h"

#include <chrono>

namespace moe::serve {

ServedModel servedModel(infer::OpenedModel& model, infer::Generator& generator)
{
    ServedModel served;
    served.name = model.name();
    served.created = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
    served.context = model.context();
    served.parallel = model.parallel();
    served.encodeChat = [&model](const base::Json& chat) {
        return model.encode(chat);
    };
    served.encodePrompt = [&model](std::string_view text) {
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
