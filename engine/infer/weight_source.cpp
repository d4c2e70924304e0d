// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/infer/weight_source.h"

#include "kernels/bfloat16.h"
#include "kernels/error.h"

#include <algorithm>

namespace moe::infer {

using checkpoint::StoredTensor;
using checkpoint::StoredType;
using kernels::StoredMatrix;
using kernels::WeightFormat;

namespace {

std::string textOf(const std::vector<int64_t>& sizes)
{
    std::string text = "[";
    for (size_t i = 0; i < sizes.size(); ++i)
        text += (i ? ", " : "") + std::to_string(sizes[i]);
    return text + "]";
}

const std::vector<StoredType> kMatrixTypes{StoredType::F32, StoredType::BF16, StoredType::F16};

WeightFormat formatOf(StoredType type)
{
    switch (type) {
    case StoredType::BF16:
        return WeightFormat::BFloat16;
    case StoredType::F16:
        return WeightFormat::Float16;
    default:
        return WeightFormat::Float32;
    }
}

} // namespace

WeightSource::WeightSource(const std::filesystem::path& folder)
    : m_folder(folder)
    , m_files(folder)
{
}

std::string WeightSource::at(const std::string& name) const
{
    return m_folder.string() + ": " + name;
}

std::string WeightSource::firstOf(const std::vector<std::string>& names) const
{
    const auto found = std::find_if(
        names.begin(), names.end(), [&](const std::string& name) { return has(name); });
    return found == names.end() ? names.front() : *found;
}

const StoredTensor& WeightSource::tensor(const std::string& name, const std::vector<int64_t>& shape,
    const std::vector<StoredType>& types)
{
    const StoredTensor& stored = m_files.get(name);
    m_used.insert(name);
    if (stored.shape != shape)
        throw Error("the shape is " + textOf(stored.shape), at(name),
            "config.json makes it " + textOf(shape));
    if (std::find(types.begin(), types.end(), stored.type) == types.end())
        throw Error(std::string("stored as ") + checkpoint::nameOf(stored.type), at(name),
            std::string("expected ") + checkpoint::nameOf(types.front()));
    return stored;
}

StoredMatrix WeightSource::matrix(const std::string& name, int64_t out, int64_t in)
{
    const StoredTensor& stored = tensor(name, {out, in}, kMatrixTypes);
    StoredMatrix matrix;
    matrix.codes = stored.bytes.data();
    matrix.format = formatOf(stored.type);
    matrix.out = out;
    matrix.in = in;
    matrix.rowBytes = in * checkpoint::bytesOf(stored.type);
    return matrix;
}

StoredMatrix WeightSource::matrixOf(
    const std::string& name, int64_t index, int64_t count, int64_t out, int64_t in)
{
    const StoredTensor& stored = tensor(name, {count, out, in}, kMatrixTypes);
    StoredMatrix matrix;
    matrix.format = formatOf(stored.type);
    matrix.out = out;
    matrix.in = in;
    matrix.rowBytes = in * checkpoint::bytesOf(stored.type);
    matrix.codes = stored.bytes.data() + index * out * matrix.rowBytes;
    return matrix;
}

std::vector<float> WeightSource::values(const std::string& name, const std::vector<int64_t>& shape)
{
    const StoredTensor& stored = tensor(
        name, shape, {StoredType::F32, StoredType::BF16, StoredType::F16, StoredType::F64});
    std::vector<float> values(static_cast<size_t>(stored.elements()));
    stored.toFloat32(values.data());
    return values;
}

StoredMatrix WeightSource::own(const std::vector<float>& values, int64_t out, int64_t in)
{
    const bool narrow = std::all_of(values.begin(), values.end(),
        [](float value) { return static_cast<float>(kernels::BFloat16(value)) == value; });
    const StoredType type = narrow ? StoredType::BF16 : StoredType::F32;
    const int64_t bytes = checkpoint::bytesOf(type);
    auto& kept = *m_owned.emplace_back(
        std::make_unique<std::vector<std::byte>>(values.size() * static_cast<size_t>(bytes)));
    checkpoint::fromFloat32(values.data(), static_cast<int64_t>(values.size()), type, kept.data());
    StoredMatrix matrix;
    matrix.codes = kept.data();
    matrix.format = formatOf(type);
    matrix.out = out;
    matrix.in = in;
    matrix.rowBytes = in * bytes;
    return matrix;
}

void WeightSource::refuseUnused() const
{
    for (const std::string& name : m_files.names()) {
        // Old Llama checkpoints keep the rotary frequencies, which follow from config.json.
        if (!m_used.contains(name) && !name.ends_with(".rotary_emb.inv_freq"))
            throw Error("the model has no place for tensor " + name.substr(0, 200),
                m_folder.string(), "a config.json that fits the weights");
    }
}

} // namespace moe::infer
