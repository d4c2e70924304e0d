// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/text/indexed_dataset.h"

#include "kernels/error.h"

#include <algorithm>
#include <cstring>

namespace moe::text {

namespace {

// Layout of the .idx file: megatron/core/datasets/indexed_dataset.py.
constexpr char kMagic[9] = {'M', 'M', 'I', 'D', 'I', 'D', 'X', 0, 0};
constexpr int64_t kHeaderBytes = 34;

int64_t bytesOfCode(uint8_t code)
{
    switch (code) {
    case 1: // uint8
    case 2: // int8
        return 1;
    case 3: // int16
    case 8: // uint16
        return 2;
    case 4: // int32
        return 4;
    case 5: // int64
        return 8;
    default:
        return 0;
    }
}

int64_t tokenAt(const std::byte* data, int64_t index, uint8_t code)
{
    switch (code) {
    case 1:
        return base::readUnaligned<uint8_t>(data + index);
    case 2:
        return base::readUnaligned<int8_t>(data + index);
    case 3:
        return base::readUnaligned<int16_t>(data + 2 * index);
    case 8:
        return base::readUnaligned<uint16_t>(data + 2 * index);
    case 4:
        return base::readUnaligned<int32_t>(data + 4 * index);
    default:
        return base::readUnaligned<int64_t>(data + 8 * index);
    }
}

std::filesystem::path withSuffix(const std::filesystem::path& prefix, const char* suffix)
{
    return prefix.string() + suffix;
}

} // namespace

IndexedDataset::IndexedDataset(const std::filesystem::path& prefix)
    : m_data(withSuffix(prefix, ".bin"))
{
    const base::MappedFile file(withSuffix(prefix, ".idx"));
    const std::span<const std::byte> index = file.bytes();
    const std::string where = file.path().string();
    const auto size = static_cast<int64_t>(index.size());
    if (size < kHeaderBytes || std::memcmp(index.data(), kMagic, sizeof kMagic) != 0)
        throw Error(
            "not an indexed dataset", where, "it begins with MMIDIDX, make one with moe corpus");
    const auto version = base::readUnaligned<uint64_t>(index.data() + 9);
    if (version != 1)
        throw Error(
            "unknown version " + std::to_string(version), where, "version 1 is what we read");
    m_type = base::readUnaligned<uint8_t>(index.data() + 17);
    if (bytesOfCode(m_type) == 0)
        throw Error("token type code " + std::to_string(m_type) + " is not a whole number", where,
            "uint16 (8) or int32 (4)");

    const auto sequences = base::readUnaligned<uint64_t>(index.data() + 18);
    const auto entries = base::readUnaligned<uint64_t>(index.data() + 26);
    const auto room = static_cast<uint64_t>(size - kHeaderBytes);
    if (sequences > room / 12 || entries > (room - 12 * sequences) / 8 || entries < 1)
        throw Error("counts do not fit into the file", where,
            std::to_string(sequences) + " sequences and " + std::to_string(entries)
                + " document marks need more than " + std::to_string(size)
                + " bytes, the file is cut off");
    m_sequences = static_cast<int64_t>(sequences);
    m_documents = static_cast<int64_t>(entries) - 1;
    const std::byte* lengths = index.data() + kHeaderBytes;
    const std::byte* pointers = lengths + 4 * m_sequences;
    readSequences(lengths, pointers);

    const std::byte* marks = pointers + 8 * m_sequences;
    int64_t previous = 0;
    for (int64_t i = 0; i <= m_documents; ++i) {
        const auto mark = base::readUnaligned<int64_t>(marks + 8 * i);
        if (mark < previous || mark > m_sequences || (i == 0 && mark != 0)
            || (i == m_documents && mark != m_sequences))
            throw Error("document mark " + std::to_string(i) + " is out of order", where,
                "marks rise from 0 to the number of sequences");
        previous = mark;
    }
}

void IndexedDataset::readSequences(const std::byte* lengths, const std::byte* pointers)
{
    const int64_t tokenBytes = bytesOfCode(m_type), dataBytes = m_data.size();
    bool contiguous = true;
    m_firstToken.reserve(static_cast<size_t>(m_sequences) + 1);
    m_firstToken.push_back(0);
    for (int64_t i = 0; i < m_sequences; ++i) {
        const auto length = base::readUnaligned<int32_t>(lengths + 4 * i);
        const auto pointer = base::readUnaligned<int64_t>(pointers + 8 * i);
        if (length < 0 || pointer < 0 || pointer % tokenBytes != 0 || pointer > dataBytes
            || length > (dataBytes - pointer) / tokenBytes)
            throw Error("sequence " + std::to_string(i) + " lies outside the data",
                m_data.path().string(),
                "offset " + std::to_string(pointer) + " and " + std::to_string(length)
                    + " tokens of " + std::to_string(tokenBytes) + " bytes need more than "
                    + std::to_string(dataBytes) + " bytes, the file is cut off");
        contiguous = contiguous && pointer == m_firstToken.back() * tokenBytes;
        m_firstToken.push_back(m_firstToken.back() + length);
    }
    for (int64_t i = 0; i < m_sequences && !contiguous; ++i)
        m_offsets.push_back(base::readUnaligned<int64_t>(pointers + 8 * i));
    m_tokens = m_firstToken.back();
}

void IndexedDataset::read(int64_t first, int64_t count, int32_t* to) const
{
    if (first < 0 || count < 0 || first > m_tokens - count)
        throw Error("tokens [" + std::to_string(first) + ", " + std::to_string(first + count)
                + ") do not exist",
            m_data.path().string(), "it holds " + std::to_string(m_tokens) + " tokens");
    const int64_t tokenBytes = bytesOfCode(m_type);
    if (m_offsets.empty()) {
        readTokens(first * tokenBytes, count, to);
        return;
    }
    auto sequence = std::upper_bound(m_firstToken.begin(), m_firstToken.end(), first)
        - m_firstToken.begin() - 1;
    while (count > 0) {
        const int64_t skip = first - m_firstToken[static_cast<size_t>(sequence)];
        const int64_t here
            = std::min(count, m_firstToken[static_cast<size_t>(sequence) + 1] - first);
        readTokens(m_offsets[static_cast<size_t>(sequence)] + skip * tokenBytes, here, to);
        to += here;
        first += here;
        count -= here;
        ++sequence;
    }
}

void IndexedDataset::readTokens(int64_t offset, int64_t count, int32_t* to) const
{
    std::vector<std::byte> bytes(static_cast<size_t>(count * bytesOfCode(m_type)));
    m_data.read(offset, bytes);
    for (int64_t i = 0; i < count; ++i) {
        const int64_t token = tokenAt(bytes.data(), i, m_type);
        to[i] = static_cast<int32_t>(std::clamp<int64_t>(token, INT32_MIN, INT32_MAX));
    }
}

IndexedDatasetWriter::IndexedDatasetWriter(std::filesystem::path prefix, int64_t vocabSize)
    : m_prefix(std::move(prefix))
    , m_wide(vocabSize >= 65500) // Megatron's rule for the type
    , m_data(std::make_unique<base::FileWriter>(
          withSuffix(m_prefix, ".bin.partial"), withSuffix(m_prefix, ".bin")))
{
}

IndexedDatasetWriter::~IndexedDatasetWriter()
{
    if (m_finished)
        return;
    std::error_code ignored;
    std::filesystem::remove(withSuffix(m_prefix, ".bin.partial"), ignored);
}

void IndexedDatasetWriter::addDocument(std::span<const int32_t> tokens)
{
    if (tokens.size() > INT32_MAX)
        throw Error(
            "document has too many tokens", m_prefix.string(), "at most 2147483647, split it");
    if (m_wide) {
        m_data->write(tokens.data(), tokens.size_bytes());
    } else {
        m_narrow.assign(tokens.begin(), tokens.end());
        m_data->write(m_narrow.data(), m_narrow.size() * sizeof(uint16_t));
    }
    m_lengths.push_back(static_cast<int32_t>(tokens.size()));
    m_tokens += static_cast<int64_t>(tokens.size());
}

int64_t IndexedDatasetWriter::documents() const
{
    return static_cast<int64_t>(m_lengths.size());
}

void IndexedDatasetWriter::finish(const std::function<void()>& inBetween)
{
    std::string index(kMagic, sizeof kMagic);
    const auto append = [&index](auto value) {
        index.append(reinterpret_cast<const char*>(&value), sizeof value);
    };
    append(uint64_t{1});
    append(static_cast<uint8_t>(m_wide ? 4 : 8));
    append(static_cast<uint64_t>(m_lengths.size()));
    append(static_cast<uint64_t>(m_lengths.size() + 1));
    for (const int32_t length : m_lengths)
        append(length);
    int64_t pointer = 0;
    for (const int32_t length : m_lengths) {
        append(pointer);
        pointer += int64_t{length} * (m_wide ? 4 : 2);
    }
    for (size_t document = 0; document <= m_lengths.size(); ++document)
        append(static_cast<int64_t>(document));

    m_data->close();
    // The old pair goes first: a .bin of one writing must never stand beside an .idx of another.
    std::error_code ignored, failed;
    std::filesystem::remove(withSuffix(m_prefix, ".idx"), ignored);
    if (inBetween)
        inBetween();
    std::filesystem::rename(
        withSuffix(m_prefix, ".bin.partial"), withSuffix(m_prefix, ".bin"), failed);
    if (failed)
        throw Error("cannot write", withSuffix(m_prefix, ".bin").string(),
            "check the path and its permissions");
    base::writeFileAtomically(withSuffix(m_prefix, ".idx"), index);
    m_finished = true;
}

} // namespace moe::text
