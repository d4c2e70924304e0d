// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/infer/weight_source.h"

#include "engine/checkpoint/stored_shape.h"
#include "kernels/bfloat16.h"
#include "kernels/error.h"

#include <algorithm>

namespace moe::infer {

using checkpoint::StoredTensor;
using checkpoint::StoredType;
using kernels::StoredMatrix;
using kernels::WeightFormat;

namespace {

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

FolderWeights::FolderWeights(const std::filesystem::path& folder)
    : m_folder(folder)
    , m_files(folder)
    , m_dialect(checkpoint::readDialect(folder))
{
}

std::string FolderWeights::at(const std::string& name) const
{
    return m_folder.string() + ": " + name;
}

std::string WeightSource::firstOf(const std::vector<std::string>& names) const
{
    const auto found = std::find_if(
        names.begin(), names.end(), [&](const std::string& name) { return has(name); });
    return found == names.end() ? names.front() : *found;
}

void FolderWeights::use(const std::string& name)
{
    m_used.insert(name);
    for (const std::string& companion : checkpoint::companionsOf(m_files, m_dialect, name))
        m_used.insert(companion);
}

void FolderWeights::checkShape(const std::string& name, const std::vector<int64_t>& found,
    const std::vector<int64_t>& wanted) const
{
    if (found != wanted)
        throw Error("the shape is " + checkpoint::shapeText(found), at(name),
            "config.json makes it " + checkpoint::shapeText(wanted));
}

const StoredTensor& FolderWeights::tensor(const std::string& name,
    const std::vector<int64_t>& shape, const std::vector<StoredType>& types)
{
    const StoredTensor& stored = m_files.get(name);
    use(name);
    checkShape(name, stored.shape, shape);
    if (std::find(types.begin(), types.end(), stored.type) == types.end())
        throw Error(std::string("stored as ") + checkpoint::nameOf(stored.type), at(name),
            std::string("expected ") + checkpoint::nameOf(types.front()));
    return stored;
}

StoredMatrix FolderWeights::matrix(const std::string& name, int64_t out, int64_t in)
{
    checkShape(name, m_files.get(name).shape, {out, in});
    use(name);
    return checkpoint::storedMatrix(m_files, m_dialect, name, m_scales);
}

StoredMatrix FolderWeights::matrixOf(
    const std::string& name, int64_t index, int64_t count, int64_t out, int64_t in)
{
    checkShape(name, checkpoint::fusedShape(m_files, m_dialect, name), {count, out, in});
    use(name);
    return checkpoint::storedExpert(m_files, m_dialect, name, index, m_scales);
}

std::vector<float> FolderWeights::values(const std::string& name, const std::vector<int64_t>& shape)
{
    const StoredTensor& stored = tensor(name, shape,
        {StoredType::F32, StoredType::BF16, StoredType::F16, StoredType::F64, StoredType::F8E4M3,
            StoredType::F8E5M2});
    std::vector<float> values(static_cast<size_t>(stored.elements()));
    checkpoint::readFloat32(m_files, m_dialect, name, values.data());
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

void FolderWeights::refuseUnused() const
{
    for (const std::string& name : m_files.names()) {
        // Old Llama checkpoints keep the rotary frequencies, which follow from config.json.
        if (!m_used.contains(name) && !name.ends_with(".rotary_emb.inv_freq")
            && !checkpoint::isCacheScale(m_dialect, name))
            throw Error("the model has no place for tensor " + name.substr(0, 200),
                m_folder.string(), "a config.json that fits the weights");
    }
}

} // namespace moe::infer
