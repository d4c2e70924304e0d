// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/text/tokenizer_file.h"

#include "kernels/error.h"

#include <nlohmann/json.hpp>

namespace moe::text {

namespace {

using base::Json;

constexpr size_t kDeepest = 64;
constexpr size_t kMostKeys = 4096; // of one object: looking one up takes that many steps

/// Takes the file's events one by one; builds values of all but vocabulary and merges.
class Handler : public nlohmann::json_sax<Json> {
public:
    Handler(TokenizerFile& file, Json& rest, const std::string& where)
        : m_file(file)
        , m_rest(rest)
        , m_where(where)
    {
    }

    bool null() override { return value(nullptr); }
    bool boolean(bool given) override { return value(given); }
    bool number_integer(number_integer_t given) override { return value(given); }
    bool number_unsigned(number_unsigned_t given) override
    {
        if (m_place == Place::Vocab) {
            if (given > INT32_MAX)
                refuse("a token id out of range", "whole numbers from 0 to 2147483647");
            m_file.vocab.emplace_back(std::move(m_key), static_cast<int32_t>(given));
            return true;
        }
        return value(given);
    }
    bool number_float(number_float_t given, const string_t&) override { return value(given); }
    bool binary(binary_t&) override { return false; }
    bool string(string_t& given) override
    {
        if (m_place == Place::Merges)
            addMerge(given);
        else if (m_place == Place::Pair)
            m_pair.push_back(std::move(given));
        else
            return value(std::move(given));
        return true;
    }
    bool key(string_t& given) override
    {
        if (m_place == Place::Rest && ++m_keys.back() > kMostKeys)
            refuse("an object of too many keys", "at most " + std::to_string(kMostKeys));
        m_key = std::move(given);
        return true;
    }
    bool start_object(size_t) override
    {
        if (inModel() && m_key == "vocab" && m_place == Place::Rest) {
            m_place = Place::Vocab;
            return true;
        }
        return open(Json::object());
    }
    bool end_object() override
    {
        if (m_place == Place::Vocab)
            m_place = Place::Rest;
        else
            close();
        return true;
    }
    bool start_array(size_t) override
    {
        if (m_place == Place::Merges) {
            m_place = Place::Pair;
            m_pair.clear();
            return true;
        }
        if (inModel() && m_key == "merges" && m_place == Place::Rest) {
            m_place = Place::Merges;
            return true;
        }
        return open(Json::array());
    }
    bool end_array() override
    {
        if (m_place == Place::Pair) {
            if (m_pair.size() != 2)
                refuse("merge " + std::to_string(m_file.merges.size()) + " is of "
                        + std::to_string(m_pair.size()) + " tokens",
                    "two, as in [\"a\", \"b\"]");
            m_file.merges.emplace_back(std::move(m_pair[0]), std::move(m_pair[1]));
            m_place = Place::Merges;
        } else if (m_place == Place::Merges) {
            m_place = Place::Rest;
        } else {
            close();
        }
        return true;
    }
    bool parse_error(
        size_t position, const std::string&, const nlohmann::detail::exception&) override
    {
        throw Error(
            "not valid JSON", m_where, "mend what stands near byte " + std::to_string(position));
    }

private:
    enum class Place { Rest, Vocab, Merges, Pair };

    [[noreturn]] void refuse(const std::string& what, const std::string& remedy) const
    {
        throw Error(what, m_where, remedy);
    }
    bool inModel() const { return m_open.size() == 2 && m_modelOpen; }

    template <typename T> bool value(T&& given)
    {
        put(Json(std::forward<T>(given)));
        return true;
    }
    Json* put(Json&& given)
    {
        if (m_place != Place::Rest)
            refuse(m_place == Place::Vocab
                    ? "model.vocab holds something else than token ids"
                    : "model.merges holds something else than pairs of texts",
                "the form in which the tokenizers library writes it");
        if (m_open.empty()) {
            m_rest = std::move(given);
            return &m_rest;
        }
        if (m_open.back()->is_array()) {
            m_open.back()->push_back(std::move(given));
            return &m_open.back()->back();
        }
        Json& member = (*m_open.back())[m_key];
        member = std::move(given);
        return &member;
    }
    bool open(Json&& container)
    {
        if (m_open.size() >= kDeepest)
            refuse("JSON is nested too deeply", "at most " + std::to_string(kDeepest) + " levels");
        if (m_open.size() == 1)
            m_modelOpen = m_key == "model" && container.is_object();
        m_open.push_back(put(std::move(container)));
        m_keys.push_back(0);
        return true;
    }
    void close()
    {
        m_open.pop_back();
        m_keys.pop_back();
    }
    /// "left right": exactly one space.
    void addMerge(const std::string& text)
    {
        const size_t space = text.find(' ');
        if (space == std::string::npos || text.find(' ', space + 1) != std::string::npos)
            refuse("merge " + std::to_string(m_file.merges.size()) + " is not two tokens",
                "\"left right\"");
        m_file.merges.emplace_back(text.substr(0, space), text.substr(space + 1));
    }

    TokenizerFile& m_file;
    Json& m_rest;
    std::string m_where, m_key;
    std::vector<Json*> m_open; ///< containers that the parser is inside of
    std::vector<size_t> m_keys; ///< how many keys each of them has so far
    bool m_modelOpen = false;
    Place m_place = Place::Rest;
    std::vector<std::string> m_pair;
};

} // namespace

TokenizerFile parseTokenizerFile(std::string_view text, const std::string& where)
{
    TokenizerFile file;
    Json rest;
    Handler handler(file, rest, where);
    Json::sax_parse(text, &handler);
    file.rest = std::make_shared<const Json>(std::move(rest));
    return file;
}

} // namespace moe::text
