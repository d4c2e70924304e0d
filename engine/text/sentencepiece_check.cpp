// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/text/sentencepiece_check.h"

#include "engine/base/files.h"
#include "engine/telemetry/protobuf_wire.h"
#include "kernels/error.h"

#include <cctype>
#include <cmath>

namespace moe::text {

namespace {

using telemetry::MessageReader;
using telemetry::WireField;
using telemetry::WireType;

constexpr size_t kLongestPiece = 4096;
constexpr uint64_t kByteType = 6, kLastType = 6; // of SentencePiece.Type
// Fields of ModelProto and of the messages within.
constexpr int kPieces = 1, kTrainer = 2, kNormalizer = 3, kDenormalizer = 5;
constexpr int kPiece = 1, kScore = 2, kType = 3, kModelType = 3, kCharsMap = 2;

class Check {
public:
    explicit Check(const std::string& where)
        : m_where(where)
    {
    }
    void model(std::string_view bytes);
    bool mapsCharacters() const { return m_mapsCharacters; }

private:
    [[noreturn]] void refuse(const std::string& what) const
    {
        throw Error("not a SentencePiece model: " + what, m_where,
            "make one with moe corpus, or name another file");
    }
    template <typename Visit> void fields(std::span<const std::byte> bytes, Visit visit) const
    {
        MessageReader reader(bytes);
        WireField field;
        while (reader.next(field))
            visit(field);
        if (reader.broken())
            refuse("its bytes are cut off or damaged");
    }
    void piece(std::span<const std::byte> bytes);
    void trainer(std::span<const std::byte> bytes);
    void normalizer(std::span<const std::byte> bytes);
    void charsMap(std::span<const std::byte> bytes);

    std::string m_where;
    size_t m_pieces = 0;
    bool m_mapsCharacters = false;
};

void Check::piece(std::span<const std::byte> bytes)
{
    std::string_view text;
    uint64_t type = 1;
    fields(bytes, [&](const WireField& field) {
        if (field.number == kPiece && field.type == WireType::Bytes)
            text = field.text();
        if (field.number == kType && field.type == WireType::Varint)
            type = field.integer;
        if (field.number == kScore && field.type == WireType::Fixed32
            && !std::isfinite(field.real32()))
            refuse("the score of piece " + std::to_string(m_pieces) + " is no number");
    });
    const bool named = text.size() == 6 && text.starts_with("<0x") && text[5] == '>'
        && std::isxdigit(static_cast<unsigned char>(text[3]))
        && std::isxdigit(static_cast<unsigned char>(text[4]));
    if (text.empty() || text.size() > kLongestPiece || text.find('\0') != std::string_view::npos
        || base::findInvalidUtf8(text) || type < 1 || type > kLastType
        || (type == kByteType && !named))
        refuse("piece " + std::to_string(m_pieces) + " is damaged");
    ++m_pieces;
}

void Check::trainer(std::span<const std::byte> bytes)
{
    fields(bytes, [&](const WireField& field) {
        if (field.number == kModelType && field.type == WireType::Varint && field.integer != 1
            && field.integer != 2)
            refuse("only BPE and unigram models are implemented");
    });
}

void Check::normalizer(std::span<const std::byte> bytes)
{
    fields(bytes, [&](const WireField& field) {
        if (field.number != kCharsMap || field.type != WireType::Bytes || field.bytes.empty())
            return;
        charsMap(field.bytes);
        m_mapsCharacters = true;
    });
}

/// A double array (four bytes its size, then units) and, behind it, texts that end with NUL. From
/// unit i, offset o, the library goes on to any of the 256 units around i XOR o; a unit with the
/// highest bit is a place in the texts.
void Check::charsMap(std::span<const std::byte> bytes)
{
    constexpr size_t kUnit = sizeof(uint32_t);
    const char* const damaged = "the map of its normaliser is damaged";
    if (bytes.size() < kUnit)
        refuse(damaged);
    const size_t arrayBytes = base::readUnaligned<uint32_t>(bytes.data());
    bytes = bytes.subspan(kUnit);
    if (arrayBytes == 0 || arrayBytes % kUnit != 0 || arrayBytes >= bytes.size()
        || bytes.back() != std::byte{0})
        refuse(damaged);
    const size_t units = arrayBytes / kUnit, texts = bytes.size() - arrayBytes;
    for (size_t i = 0; i < units; ++i) {
        const auto unit = base::readUnaligned<uint32_t>(bytes.data() + kUnit * i);
        const bool isPlace = unit >> 31 != 0;
        const size_t offset = size_t{unit >> 10} << ((unit & (1U << 9)) >> 6);
        if (isPlace ? (unit & 0x7FFFFFFF) >= texts : ((i ^ offset) | 0xFF) >= units)
            refuse(damaged);
    }
}

void Check::model(std::string_view bytes)
{
    fields(std::as_bytes(std::span(bytes)), [&](const WireField& field) {
        if (field.type != WireType::Bytes)
            return;
        if (field.number == kPieces)
            piece(field.bytes);
        else if (field.number == kTrainer)
            trainer(field.bytes);
        else if (field.number == kNormalizer || field.number == kDenormalizer)
            normalizer(field.bytes);
    });
    if (m_pieces == 0)
        refuse("it has no pieces");
}

} // namespace

bool checkSentencePieceModel(std::string_view model, const std::string& where)
{
    Check check(where);
    check.model(model);
    return check.mapsCharacters();
}

} // namespace moe::text
