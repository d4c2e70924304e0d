// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdexcept>
#include <string>

namespace moe {

/// The one family of exceptions on every floor: what was wrong, where (file, key, tensor, offset),
/// and what would be right. what() is the line users see: "WHAT: WHERE: REMEDY".
class Error : public std::runtime_error {
public:
    Error(const std::string& what, const std::string& where, const std::string& remedy)
        : std::runtime_error(oneLine(what + ": " + where + ": " + remedy))
    {
    }

private:
    static std::string oneLine(std::string text)
    {
        for (char& c : text) {
            if (static_cast<unsigned char>(c) < 0x20)
                c = ' ';
        }
        return text;
    }
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
