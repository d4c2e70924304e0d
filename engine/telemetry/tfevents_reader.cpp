// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/telemetry/crc32c.h"
#include "engine/telemetry/protobuf_wire.h"
#include "engine/telemetry/tfevents.h"
#include "kernels/error.h"

#include <cmath>

namespace moe::telemetry {

namespace {

using Span = std::span<const std::byte>;
using base::readUnaligned;

constexpr size_t kHeadBytes = 12; // length, its checksum
constexpr size_t kTailBytes = 4;

// Field numbers of event.proto, summary.proto, histogram.proto and tensor.proto.
namespace event {
constexpr int kWallTime = 1, kStep = 2, kSummary = 5;
}
namespace summary {
constexpr int kValue = 1;
}
namespace value {
constexpr int kTag = 1, kSimpleValue = 2, kHistogram = 5, kTensor = 8;
}
namespace histogram {
constexpr int kBucket = 7;
}
namespace tensor {
constexpr int kType = 1, kContent = 4, kFloat = 5, kDouble = 6, kInt = 7, kInt64 = 10;
constexpr uint64_t kDtFloat = 1, kDtDouble = 2, kDtInt32 = 3, kDtInt64 = 9;
} // namespace tensor

/// Doubles of a packed field, or the one of an unpacked field.
void takeReals(const WireField& field, std::vector<double>& values)
{
    if (field.type == WireType::Fixed64)
        values.push_back(field.real());
    for (size_t at = 0; field.type == WireType::Bytes && at + 8 <= field.bytes.size(); at += 8)
        values.push_back(readUnaligned<double>(field.bytes.data() + at));
}

/// The number of a packed or unpacked field that holds exactly one.
template <typename T> std::optional<double> single(const WireField& field)
{
    if (field.type == WireType::Bytes) {
        if (field.bytes.size() == sizeof(T))
            return static_cast<double>(readUnaligned<T>(field.bytes.data()));
        return std::nullopt;
    }
    if constexpr (std::is_same_v<T, float>)
        return field.real32();
    else
        return field.real();
}

std::optional<double> singleInteger(const WireField& field)
{
    if (field.type == WireType::Varint)
        return static_cast<double>(static_cast<int64_t>(field.integer));
    // Packed: one varint is the last byte whose top bit is clear.
    WireField inner;
    std::string message = "\x08"; // field 1, varint
    message += field.text();
    MessageReader reader(std::as_bytes(std::span(message)));
    if (reader.next(inner) && !reader.next(inner) && !reader.broken())
        return static_cast<double>(static_cast<int64_t>(inner.integer));
    return std::nullopt;
}

std::optional<double> scalarOfContent(uint64_t type, Span content)
{
    const auto as = [&]<typename T>(T) -> std::optional<double> {
        if (content.size() != sizeof(T))
            return std::nullopt;
        return static_cast<double>(readUnaligned<T>(content.data()));
    };
    switch (type) {
    case tensor::kDtFloat:
        return as(float{});
    case tensor::kDtDouble:
        return as(double{});
    case tensor::kDtInt32:
        return as(int32_t{});
    case tensor::kDtInt64:
        return as(int64_t{});
    default:
        return std::nullopt;
    }
}

/// TensorFlow 2 writes scalars as tensors of one number.
std::optional<double> scalarOfTensor(Span bytes)
{
    uint64_t type = 0;
    Span content;
    std::optional<double> listed;
    int lists = 0;
    MessageReader reader(bytes);
    for (WireField field; reader.next(field);) {
        if (field.number == tensor::kType) {
            type = field.integer;
        } else if (field.number == tensor::kContent) {
            content = field.bytes;
        } else if (field.number == tensor::kFloat || field.number == tensor::kDouble) {
            listed = field.number == tensor::kFloat ? single<float>(field) : single<double>(field);
            ++lists;
        } else if (field.number == tensor::kInt || field.number == tensor::kInt64) {
            listed = singleInteger(field);
            ++lists;
        }
    }
    if (reader.broken() || lists > 1)
        return std::nullopt;
    return lists == 1 ? listed : scalarOfContent(type, content);
}

/// False when the value is of a kind that we do not keep.
bool parseValue(Span bytes, TfValue& out)
{
    bool known = false;
    MessageReader reader(bytes);
    for (WireField field; reader.next(field);) {
        if (field.number == value::kTag) {
            out.tag = field.text();
        } else if (field.number == value::kSimpleValue && field.type == WireType::Fixed32) {
            out.scalar = field.real32();
            known = true;
        } else if (field.number == value::kTensor) {
            out.scalar = scalarOfTensor(field.bytes);
            known = out.scalar.has_value();
        } else if (field.number == value::kHistogram) {
            MessageReader inner(field.bytes);
            for (WireField part; inner.next(part);) {
                if (part.number == histogram::kBucket)
                    takeReals(part, out.buckets);
            }
            known = !inner.broken() && !out.buckets.empty();
        }
    }
    return known && !reader.broken();
}

/// False when the bytes are no Event.
bool parseEvent(Span bytes, TfEvent& out, TfSkipped& skipped)
{
    MessageReader reader(bytes);
    for (WireField field; reader.next(field);) {
        if (field.number == event::kWallTime) {
            out.wallTime = field.real();
        } else if (field.number == event::kStep) {
            out.step = static_cast<int64_t>(field.integer);
        } else if (field.number == event::kSummary) {
            MessageReader values(field.bytes);
            for (WireField part; values.next(part);) {
                if (part.number != summary::kValue)
                    continue;
                TfValue parsed;
                if (parseValue(part.bytes, parsed))
                    out.values.push_back(std::move(parsed));
                else
                    ++skipped.values;
            }
            if (values.broken())
                return false;
        }
    }
    return !reader.broken();
}

bool lengthIsWhole(Span bytes)
{
    return maskedCrc32c(bytes.first(8)) == readUnaligned<uint32_t>(bytes.data() + 8);
}

} // namespace

bool looksLikeTfEvents(Span bytes)
{
    return bytes.size() >= kHeadBytes && lengthIsWhole(bytes);
}

TfSkipped readTfEvents(
    const std::filesystem::path& path, const std::function<void(const TfEvent&)>& visit)
{
    const base::MappedFile file(path);
    const Span bytes = file.bytes();
    TfSkipped skipped;
    size_t at = 0;
    while (at < bytes.size()) {
        const Span rest = bytes.subspan(at);
        if (rest.size() < kHeadBytes) {
            skipped.truncated = true;
            break;
        }
        if (!lengthIsWhole(rest))
            throw Error(at == 0 ? "not a TensorBoard event file" : "the event file is damaged",
                path.string() + ": byte " + std::to_string(at),
                at == 0 ? "name a file that TensorBoard can read"
                        : "the record's length has a wrong checksum; cut the file there, or "
                          "restore a copy");
        const auto length = readUnaligned<uint64_t>(rest.data());
        if (length > rest.size() - kHeadBytes || rest.size() - kHeadBytes - length < kTailBytes) {
            skipped.truncated = true;
            break;
        }
        const Span data = rest.subspan(kHeadBytes, length);
        TfEvent parsed;
        const auto checksum = readUnaligned<uint32_t>(data.data() + length);
        if (maskedCrc32c(data) == checksum && parseEvent(data, parsed, skipped))
            visit(parsed);
        else
            ++skipped.records;
        at += kHeadBytes + length + kTailBytes;
    }
    return skipped;
}

} // namespace moe::telemetry
