// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
// Any bytes as a .safetensors file: a moe::Error, or tensors all of whose bytes can be read.
#include "engine/checkpoint/safetensors.h"
#include "kernels/error.h"
#include "tests/fuzz/memory_file.h"

#include <string>
#include <vector>

namespace {

void readAll(const std::string& path)
{
    using namespace moe::checkpoint;
    const SafetensorsFile file(path);
    uint64_t sum = 0;
    for (const auto& [name, tensor] : file.tensors()) {
        for (std::byte byte : tensor.bytes)
            sum += static_cast<uint64_t>(byte) + name.size();
        if (bytesOf(tensor.type) > 1 && tensor.type != StoredType::I32
            && tensor.type != StoredType::I64) {
            std::vector<float> values(static_cast<size_t>(tensor.elements()));
            tensor.toFloat32(values.data());
        }
    }
    if (sum == 1) // so that the sum is made
        std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    const moe::fuzz::MemoryFile file(data, size);
    try {
        readAll(file.path());
    } catch (const moe::Error&) {
    }
    return 0;
}
