// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/infer/opened_model.h"

#include <QString>

#include <utility>
#include <vector>

namespace moe::chat {

/// What a model is, for people: pairs of a name and a value out of its configuration, its tokenizer
/// and how it was opened.
std::vector<std::pair<QString, QString>> architectureOf(const infer::OpenedModel& model);

} // namespace moe::chat
