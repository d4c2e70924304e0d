// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/reply_load.h"

#include <algorithm>
#include <cmath>

namespace moe::models {

bool ReplyLoad::has(int row, int expert) const
{
    return row >= 0 && row < rows && expert >= 0 && expert < experts[static_cast<size_t>(row)]
        && tokens[static_cast<size_t>(row)] > 0;
}

int64_t ReplyLoad::loadAt(int row, int expert) const
{
    return has(row, expert) ? load[static_cast<size_t>(row) * static_cast<size_t>(columns)
               + static_cast<size_t>(expert)]
                            : 0;
}

float ReplyLoad::utilisation(int row, int expert) const
{
    return has(row, expert) ? static_cast<float>(
               static_cast<double>(loadAt(row, expert)) / ideal[static_cast<size_t>(row)])
                            : NAN;
}

float ReplyLoad::share(int row, int expert) const
{
    return has(row, expert) ? static_cast<float>(static_cast<double>(loadAt(row, expert))
               / static_cast<double>(tokens[static_cast<size_t>(row)]))
                            : NAN;
}

ReplyLoad loadOf(const std::vector<const chats::ReplyRouting*>& routings)
{
    ReplyLoad all;
    for (const chats::ReplyRouting* routing : routings) {
        for (const auto& layer : routing->layers)
            all.rows = std::max(all.rows, layer.layer + 1);
        all.columns = std::max(all.columns, routing->widest());
    }
    const auto rows = static_cast<size_t>(all.rows), columns = static_cast<size_t>(all.columns);
    all.load.assign(rows * columns, 0);
    all.tokens.assign(rows, 0);
    all.ideal.assign(rows, 0);
    all.experts.assign(rows, 0);
    for (const chats::ReplyRouting* routing : routings) {
        const std::vector<int64_t> load = routing->load();
        const auto across = static_cast<size_t>(routing->widest());
        for (size_t i = 0; i < routing->layers.size(); ++i) {
            const auto& layer = routing->layers[i];
            const auto row = static_cast<size_t>(layer.layer);
            all.experts[row] = std::max(all.experts[row], layer.experts);
            all.tokens[row] += routing->columns();
            all.ideal[row]
                += static_cast<double>(routing->columns() * layer.chosen) / layer.experts;
            for (size_t expert = 0; expert < static_cast<size_t>(layer.experts); ++expert)
                all.load[row * columns + expert] += load[i * across + expert];
        }
    }
    return all;
}

} // namespace moe::models
