// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace moe::text {

/// A token that is found in a text before the model sees it ("<|im_start|>").
struct AddedToken {
    std::string content;
    int32_t id = 0;
    bool special = false; ///< left out of decoded text when asked for
    bool normalized = false; ///< looked for after the normaliser, in its normalised form
    bool lstrip = false, rstrip = false; ///< takes the white space on its left, its right along
    bool singleWord = false; ///< only where no letter, mark or digit stands beside it
};

/// Finds added tokens: the leftmost, of those the longest, as the `tokenizers` library does.
class AddedTokens {
public:
    /// Tokens with no content are left out. Throws for contents of more than 4,096 bytes.
    AddedTokens(std::vector<AddedToken> tokens, const std::string& where);

    /// Hands out `text` in order: stretches without tokens (null) and tokens.
    void split(std::string_view text,
        const std::function<void(std::string_view, const AddedToken*)>& part) const;
    bool empty() const { return m_tokens.empty(); }

private:
    const AddedToken* longestAt(std::string_view text) const;

    std::vector<AddedToken> m_tokens; ///< sorted by content
    std::array<bool, 256> m_starts{}; ///< bytes that a token begins with
};

} // namespace moe::text
