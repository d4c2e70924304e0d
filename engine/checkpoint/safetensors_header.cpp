// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/checkpoint/safetensors_header.h"

#include "engine/base/json.h"
#include "kernels/error.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <set>

namespace moe::checkpoint {

namespace {

using base::Json;

/// Takes the parser's events: an object of tensors, each an object of dtype, shape, data_offsets,
/// and __metadata__, an object of texts.
class HeaderReader {
public:
    explicit HeaderReader(const std::string& where)
        : m_where(where)
    {
    }
    Header take() { return std::move(m_header); }

    // What nlohmann's sax_parse calls; all return true: we throw instead.
    bool null() { return refuse("null"); }
    bool boolean(bool) { return refuse("a boolean"); }
    bool number_integer(Json::number_integer_t) { return refuse("a negative number"); }
    bool number_float(Json::number_float_t, const std::string&) { return refuse("a fraction"); }
    bool binary(Json::binary_t&) { return refuse("binary data"); }

    bool number_unsigned(Json::number_unsigned_t number)
    {
        if (m_in != In::Shape && m_in != In::Offsets)
            return refuse("a number");
        m_numbers.push_back(number);
        if (m_numbers.size() > (m_in == In::Shape ? kMostAxes : 2))
            return refuse("too many numbers");
        return true;
    }

    bool string(const std::string& text)
    {
        if (m_in == In::Metadata) {
            m_header.metadata[m_key] = text;
            return true;
        }
        if (m_in != In::Tensor || m_key != "dtype")
            return refuse("text");
        if (!typeOf(text, current().type))
            throw Error("unknown dtype \"" + text.substr(0, 40) + "\"", place(),
                "one of F64, F32, F16, BF16, F8_E4M3, F8_E5M2, U8, I64, I32");
        return true;
    }

    bool start_object(size_t)
    {
        switch (m_in) {
        case In::Nothing:
            m_in = In::Root;
            return true;
        case In::Root:
            m_in = m_key == "__metadata__" ? In::Metadata : In::Tensor;
            if (m_in == In::Tensor)
                m_header.tensors.push_back({m_key, StoredType::F32, {}, 0, 0});
            m_tensorKeys = 0;
            return true;
        default:
            return refuse("an object");
        }
    }

    bool key(const std::string& key)
    {
        m_key = key;
        if (m_in == In::Root && !m_names.insert(key).second)
            throw Error("a tensor is named twice", place(), "write the file anew");
        if (m_in != In::Tensor)
            return true;
        const auto known = std::find(kTensorKeys.begin(), kTensorKeys.end(), key);
        const unsigned bit = 1U << static_cast<unsigned>(known - kTensorKeys.begin());
        if (known == kTensorKeys.end() || (m_tensorKeys & bit))
            throw Error("unexpected key \"" + key.substr(0, 40) + "\"", place(),
                "dtype, shape and data_offsets, once each");
        m_tensorKeys |= bit;
        return true;
    }

    bool end_object()
    {
        if (m_in == In::Tensor && m_tensorKeys != 7)
            throw Error("dtype, shape or data_offsets is missing", place(), "write the file anew");
        m_in = m_in == In::Root ? In::Nothing : In::Root;
        return true;
    }

    bool start_array(size_t)
    {
        if (m_in != In::Tensor || m_key == "dtype")
            return refuse("a list");
        m_in = m_key == "shape" ? In::Shape : In::Offsets;
        m_numbers.clear();
        return true;
    }

    bool end_array()
    {
        if (m_in == In::Offsets) {
            if (m_numbers.size() != 2)
                return refuse("a list of one");
            current().begin = m_numbers[0];
            current().end = m_numbers[1];
        } else {
            for (uint64_t size : m_numbers) {
                if (size > static_cast<uint64_t>(INT64_MAX))
                    return refuse("a size beyond all memory");
                current().shape.push_back(static_cast<int64_t>(size));
            }
        }
        m_in = In::Tensor;
        return true;
    }

    bool parse_error(size_t byte, const std::string&, const Json::exception&)
    {
        throw Error("the header is not valid JSON", m_where,
            "the file is damaged near byte " + std::to_string(8 + byte) + ", fetch it again");
    }

private:
    enum class In : uint8_t { Nothing, Root, Metadata, Tensor, Shape, Offsets };
    static constexpr std::array<std::string_view, 3> kTensorKeys{"dtype", "shape", "data_offsets"};

    HeaderEntry& current() { return m_header.tensors.back(); }

    std::string place() const
    {
        const bool inTensor = m_in != In::Nothing && m_in != In::Root && m_in != In::Metadata;
        const std::string& name = inTensor ? m_header.tensors.back().name : m_key;
        return name.empty() ? m_where : m_where + ": " + name.substr(0, 200);
    }

    bool refuse(const std::string& found) const
    {
        throw Error("unexpected " + found + " in the header", place(),
            "the file is damaged or no .safetensors file, fetch it again");
    }

    std::string m_where;
    Header m_header;
    std::set<std::string> m_names;
    In m_in = In::Nothing;
    std::string m_key;
    std::vector<uint64_t> m_numbers;
    unsigned m_tensorKeys = 0; ///< bits of kTensorKeys
};

/// Bytes of a tensor of this shape; false when they overflow.
bool bytesOfShape(const HeaderEntry& entry, uint64_t& bytes)
{
    bytes = static_cast<uint64_t>(bytesOf(entry.type));
    for (int64_t size : entry.shape) {
        if (__builtin_mul_overflow(bytes, static_cast<uint64_t>(size), &bytes))
            return false;
    }
    return true;
}

void checkOffsets(Header& header, uint64_t dataBytes, const std::string& where)
{
    const auto place = [&](const HeaderEntry& entry) {
        return where + ": " + entry.name.substr(0, 200);
    };
    std::sort(header.tensors.begin(), header.tensors.end(),
        [](const HeaderEntry& a, const HeaderEntry& b) {
            return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
        });
    uint64_t end = 0;
    for (const HeaderEntry& entry : header.tensors) {
        if (entry.end > dataBytes || entry.begin > entry.end)
            throw Error("the data is cut off", place(entry),
                "it should end at byte " + std::to_string(entry.end) + " of the data, which has "
                    + std::to_string(dataBytes) + ", fetch the file again");
        uint64_t bytes = 0;
        if (!bytesOfShape(entry, bytes) || bytes != entry.end - entry.begin)
            throw Error("shape, dtype and data_offsets disagree", place(entry),
                "the file is damaged, fetch it again");
        if (entry.begin != end)
            throw Error(entry.begin < end ? "tensors overlap" : "a gap between tensors",
                place(entry), "the file is damaged, fetch it again");
        end = entry.end;
    }
    if (end != dataBytes)
        throw Error("bytes after the last tensor", where,
            "the tensors take " + std::to_string(end) + " of " + std::to_string(dataBytes)
                + " bytes, fetch the file again");
}

} // namespace

Header parseHeader(std::string_view json, uint64_t dataBytes, const std::string& where)
{
    HeaderReader reader(where);
    Json::sax_parse(json, &reader);
    Header header = reader.take();
    checkOffsets(header, dataBytes, where);
    return header;
}

} // namespace moe::checkpoint
