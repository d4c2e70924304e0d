// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
// Any bytes as a TensorBoard event file, and as the message of a record whose checksums are right
// (which no chance would find): a moe::Error, or events.
#include "engine/telemetry/crc32c.h"
#include "engine/telemetry/tfevents.h"
#include "kernels/error.h"
#include "tests/fuzz/memory_file.h"

namespace {

void read(const std::string& bytes)
{
    using namespace moe;
    const fuzz::MemoryFile file(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
    size_t values = 0;
    try {
        telemetry::readTfEvents(file.path(),
            [&values](const telemetry::TfEvent& event) { values += event.values.size(); });
    } catch (const Error&) {
    }
    if (values > bytes.size())
        std::abort();
}

std::string framed(const std::string& message)
{
    const auto raw = [](auto value) {
        return std::string(reinterpret_cast<const char*>(&value), sizeof value);
    };
    const auto checksum = [raw](const std::string& of) {
        return raw(moe::telemetry::maskedCrc32c(std::as_bytes(std::span(of))));
    };
    const std::string length = raw(static_cast<uint64_t>(message.size()));
    return length + checksum(length) + message + checksum(message);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    const std::string bytes(reinterpret_cast<const char*>(data), size);
    read(bytes);
    read(framed(bytes));
    return 0;
}
