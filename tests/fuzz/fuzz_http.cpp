// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
// Any bytes as what a client sends: how they become a checked request, as a session does it. The
// first byte says how many bytes come at once.
#include "engine/serve/api_error.h"
#include "engine/serve/completion_request.h"
#include "engine/serve/http_request.h"
#include "engine/text/chat_template.h"
#include "engine/text/tokenizer.h"

#include <boost/asio/buffer.hpp>

#include <algorithm>
#include <cstdlib>

using namespace moe;

namespace {

const serve::ServedModel& model()
{
    static const serve::ServedModel served = [] {
        serve::ServedModel made;
        made.name = "m";
        made.context = 1000;
        made.encodePrompt = [](std::string_view prompt) {
            text::checkUtf8(prompt);
            return std::vector<int32_t>(prompt.begin(), prompt.end());
        };
        made.encodeChat = [](const base::Json& chat) {
            const std::string prompt = text::ChatFormat().prompt(chat, true);
            return std::vector<int32_t>(prompt.begin(), prompt.end());
        };
        return made;
    }();
    return served;
}

/// Feeds the parser until it has what `reached` asks for; false when the bytes end before.
template <typename Reached>
bool feed(serve::RequestParser& parser, std::string_view& bytes, size_t pieces, Reached reached)
{
    for (size_t given = 0; !reached();) {
        given = std::min(given + pieces, bytes.size());
        boost::system::error_code error;
        const size_t used = parser.put(boost::asio::buffer(bytes.data(), given), error);
        if (error && error != boost::beast::http::error::need_more)
            serve::refuseSyntax(error);
        bytes.remove_prefix(used);
        if (!reached() && given == bytes.size() + used && used == 0)
            return false;
        given -= used;
    }
    return true;
}

void answer(std::string_view bytes, size_t pieces)
{
    serve::Limits limits;
    limits.bodyBytes = 1 << 16;
    serve::RequestParser parser;
    serve::limitParser(parser, limits);
    if (!feed(parser, bytes, pieces, [&] { return parser.is_header_done(); }))
        return;
    const serve::RequestHead head = serve::checkedHead(parser, {"", true});
    if (!feed(parser, bytes, pieces, [&] { return parser.is_done(); }))
        return;
    const bool chat = head.destination.route == serve::Route::ChatCompletions;
    if (!chat && head.destination.route != serve::Route::Completions)
        return;
    const serve::CompletionRequest request
        = serve::readCompletionRequest(parser.get().body(), chat, model(), 68);
    if (request.generations.empty() || request.generations.size() > 128)
        std::abort();
    for (const infer::GenerationRequest& generation : request.generations) {
        if (generation.prompt.empty() || generation.maxTokens < 1 || generation.maxTokens > 1000)
            std::abort();
        infer::checkSampling(generation.sampling);
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    if (size == 0)
        return 0;
    const size_t pieces = data[0] < 16 ? data[0] + size_t{1} : size;
    try {
        answer({reinterpret_cast<const char*>(data) + 1, size - 1}, pieces);
    } catch (const serve::ApiError& error) {
        if (error.status() < 400 || error.status() >= 500)
            std::abort(); // what a client sends is never our failure
        serve::errorBody(error);
    }
    return 0;
}
