// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/telemetry/crc32c.h"
#include "engine/telemetry/protobuf_wire.h"
#include "engine/telemetry/tfevents.h"

#include <unistd.h>

namespace moe::telemetry {

namespace {

std::string hostName()
{
    char name[256] = "localhost";
    if (::gethostname(name, sizeof name - 1) != 0)
        return "localhost";
    return name;
}

std::string fileName(double wallTime)
{
    char seconds[32];
    std::snprintf(seconds, sizeof seconds, "%010lld", static_cast<long long>(wallTime));
    return "events.out.tfevents." + std::string(seconds) + "." + hostName() + "."
        + std::to_string(::getpid()) + ".0";
}

} // namespace

TfEventWriter::TfEventWriter(const std::filesystem::path& folder, double wallTime)
    : m_file(folder / fileName(wallTime))
{
    MessageWriter version;
    version.real(1, wallTime);
    version.bytes(3, "brain.Event:2");
    writeRecord(version.data());
}

void TfEventWriter::scalar(std::string_view tag, double value)
{
    MessageWriter message;
    message.bytes(1, tag);
    message.real32(2, static_cast<float>(value));
    MessageWriter summary;
    summary.bytes(1, message.data());
    m_summary += summary.data();
}

void TfEventWriter::histogram(std::string_view tag, std::span<const int64_t> counts)
{
    std::vector<double> limits;
    std::vector<double> buckets;
    double number = 0;
    double sum = 0;
    double squares = 0;
    for (size_t e = 0; e < counts.size(); ++e) {
        const auto index = static_cast<double>(e);
        const auto count = static_cast<double>(counts[e]);
        limits.push_back(index + 0.5);
        buckets.push_back(count);
        number += count;
        sum += count * index;
        squares += count * index * index;
    }
    MessageWriter content;
    content.real(1, -0.5); // min
    content.real(2, static_cast<double>(counts.size()) - 0.5); // max
    content.real(3, number);
    content.real(4, sum);
    content.real(5, squares);
    content.packedReals(6, limits);
    content.packedReals(7, buckets);
    MessageWriter message;
    message.bytes(1, tag);
    message.bytes(5, content.data());
    MessageWriter summary;
    summary.bytes(1, message.data());
    m_summary += summary.data();
}

void TfEventWriter::endStep(int64_t step, double wallTime)
{
    MessageWriter event;
    event.real(1, wallTime);
    event.varint(2, static_cast<uint64_t>(step));
    event.bytes(5, m_summary);
    m_summary.clear();
    writeRecord(event.data());
}

void TfEventWriter::writeRecord(std::string_view data)
{
    const auto put = [this](const void* bytes, size_t size) {
        m_file.write({static_cast<const char*>(bytes), size});
    };
    const uint64_t length = data.size();
    const uint32_t lengthCheck = maskedCrc32c(std::as_bytes(std::span(&length, 1)));
    const uint32_t dataCheck = maskedCrc32c(std::as_bytes(std::span(data)));
    put(&length, sizeof length);
    put(&lengthCheck, sizeof lengthCheck);
    put(data.data(), data.size());
    put(&dataCheck, sizeof dataCheck);
}

} // namespace moe::telemetry
