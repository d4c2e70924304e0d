// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/serve/service_answers.h"

#include <nlohmann/json.hpp>

namespace moe::serve {

using base::Json;

namespace {

Json described(const ServedModel& model)
{
    return {{"id", model.name}, {"object", "model"}, {"created", model.created},
        {"owned_by", "moe-workbench"}};
}

std::string written(const Json& json)
{
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

} // namespace

std::string modelList(const ServedModel& model)
{
    return written({{"object", "list"}, {"data", Json::array({described(model)})}});
}

std::string modelAnswer(const ServedModel& model, const std::string& id)
{
    if (id != model.name)
        throw unknownModel(model, id, "");
    return written(described(model));
}

ApiError unknownModel(const ServedModel& model, const std::string& id, const std::string& param)
{
    return {404, "no such model", id.substr(0, 200), "this server has " + model.name,
        "model_not_found", param};
}

ApiError queueFull()
{
    return ApiError(429, "the queue is full", "this server", "ask again later", "queue_full")
        .with("Retry-After: 1\r\n");
}

ApiError stopping()
{
    return {503, "the server is stopping", "this server", "ask again later"};
}

} // namespace moe::serve
