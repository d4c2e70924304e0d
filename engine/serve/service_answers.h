// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/serve/api_error.h"
#include "engine/serve/served_model.h"

#include <string>

namespace moe::serve {

std::string modelList(const ServedModel& model); ///< of /v1/models
/// Of /v1/models/{id}. Throws ApiError 404 for another id.
std::string modelAnswer(const ServedModel& model, const std::string& id);

ApiError unknownModel(const ServedModel& model, const std::string& id, const std::string& param);
ApiError queueFull();
ApiError stopping();

} // namespace moe::serve
