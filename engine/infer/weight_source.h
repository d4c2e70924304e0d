// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/checkpoint/quantized_matrix.h"
#include "engine/checkpoint/safetensors.h"
#include "kernels/inference.h"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace moe::infer {

/// The weights of a model as the operations of inference want them. Names are those of a
/// checkpoint's files ("model.layers.0.self_attn.q_proj.weight"). StoredMatrix refers to memory of
/// the source, which outlives it.
class WeightSource {
public:
    WeightSource() = default;
    virtual ~WeightSource() = default;
    WeightSource(const WeightSource&) = delete;
    WeightSource& operator=(const WeightSource&) = delete;

    virtual bool has(const std::string& name) const = 0;
    /// The first of `names` that is there; the first of all when none is.
    std::string firstOf(const std::vector<std::string>& names) const;

    virtual kernels::StoredMatrix matrix(const std::string& name, int64_t out, int64_t in) = 0;
    /// Matrix `index` of a fused tensor [count, out, in], or of MXFP4's two (storedExpert).
    virtual kernels::StoredMatrix matrixOf(
        const std::string& name, int64_t index, int64_t count, int64_t out, int64_t in)
        = 0;
    /// Rows of a matrix of this source.
    kernels::StoredMatrix rows(const kernels::StoredMatrix& matrix, int64_t first, int64_t count)
    {
        return checkpoint::rowsOf(matrix, first, count, m_scales);
    }
    /// A tensor of any shape of these sizes as float32, exactly.
    virtual std::vector<float> values(const std::string& name, const std::vector<int64_t>& shape)
        = 0;

    /// A matrix of our own making: kept as BFloat16 where that loses nothing, else as float32.
    kernels::StoredMatrix own(const std::vector<float>& values, int64_t out, int64_t in);

    /// Throws when there are tensors that nobody asked for.
    virtual void refuseUnused() const { }
    /// Throws when weights that are read where they lie have changed since.
    virtual void checkUnchanged() const { }
    /// Takes note of a tensor that may be there and is not needed.
    virtual void know(const std::string&) { }

protected:
    checkpoint::ScaleStore m_scales;

private:
    std::vector<std::unique_ptr<std::vector<std::byte>>> m_owned;
};

/// Those of a checkpoint folder: the one place where a name becomes a StoredMatrix, whatever
/// dialect of quantisation the checkpoint has. Everything throws moe::Error that names folder and
/// tensor for what is missing, has another shape, or a type that is not read.
class FolderWeights final : public WeightSource {
public:
    explicit FolderWeights(const std::filesystem::path& folder);

    bool has(const std::string& name) const override { return m_files.has(name); }
    kernels::StoredMatrix matrix(const std::string& name, int64_t out, int64_t in) override;
    kernels::StoredMatrix matrixOf(
        const std::string& name, int64_t index, int64_t count, int64_t out, int64_t in) override;
    std::vector<float> values(const std::string& name, const std::vector<int64_t>& shape) override;
    void refuseUnused() const override;
    void checkUnchanged() const override { m_files.checkUnchanged(); }
    void know(const std::string& name) override { m_used.insert(name); }

private:
    std::string at(const std::string& name) const;
    void use(const std::string& name); ///< and the scales beside it
    void checkShape(const std::string& name, const std::vector<int64_t>& found,
        const std::vector<int64_t>& wanted) const;
    /// The tensor itself, its shape and type checked.
    const checkpoint::StoredTensor& tensor(const std::string& name,
        const std::vector<int64_t>& shape, const std::vector<checkpoint::StoredType>& types);

    std::filesystem::path m_folder;
    checkpoint::WeightFiles m_files;
    checkpoint::Dialect m_dialect;
    std::set<std::string> m_used;
};

} // namespace moe::infer
