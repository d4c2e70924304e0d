// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>

namespace moe {

/// The one family of exceptions on every floor: what was wrong, where (file, key, tensor, offset),
/// and what would be right. what() is the line users see: "WHAT: WHERE: REMEDY".
class Error : public std::runtime_error {
public:
    Error(const std::string& what, const std::string& where, const std::string& remedy)
        : std::runtime_error(oneLine(what + ": " + where + ": " + remedy))
        , m_place(what.size() + 2)
        , m_remedy(m_place + where.size() + 2)
    {
    }

    // The line's three parts, for those who know more about the place or the remedy.
    std::string problem() const { return std::string(what()).substr(0, m_place - 2); }
    std::string place() const
    {
        return std::string(what()).substr(m_place, m_remedy - 2 - m_place);
    }
    std::string remedy() const { return std::string(what()).substr(m_remedy); }

private:
    static std::string oneLine(std::string text)
    {
        for (char& c : text) {
            if (static_cast<unsigned char>(c) < 0x20)
                c = ' ';
        }
        return text;
    }

    size_t m_place, m_remedy; ///< where they begin in what()
};

/// The command line itself is wrong: exit status 2 instead of 1.
class UsageError : public Error {
public:
    using Error::Error;
};

/// The work was asked to stop (std::stop_token) and did; what was finished before is saved.
class Cancelled : public Error {
public:
    using Error::Error;
};

} // namespace moe
