// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/checkpoint/quantized_matrix.h"

#include "engine/checkpoint/stored_shape.h"
#include "kernels/error.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace moe::checkpoint {

namespace {

using kernels::ScaleLayout;
using kernels::StoredMatrix;
using kernels::WeightFormat;

using Shape = std::vector<int64_t>;

std::string at(const WeightFiles& files, const std::string& name)
{
    return files.folder().string() + ": " + name.substr(0, 200);
}

/// "….q_proj.weight" is the module "….q_proj"; a fused tensor is a module itself.
std::string moduleOf(const std::string& name)
{
    constexpr std::string_view kEnding = ".weight";
    return name.ends_with(kEnding) ? name.substr(0, name.size() - kEnding.size()) : name;
}

WeightFormat formatOf(const StoredTensor& tensor, const std::string& where)
{
    switch (tensor.type) {
    case StoredType::F32:
        return WeightFormat::Float32;
    case StoredType::BF16:
        return WeightFormat::BFloat16;
    case StoredType::F16:
        return WeightFormat::Float16;
    case StoredType::F8E4M3:
        return WeightFormat::Float8E4M3;
    case StoredType::F8E5M2:
        return WeightFormat::Float8E5M2;
    default:
        throw Error(std::string("stored as ") + nameOf(tensor.type), where,
            "F32, BF16, F16 and F8 with scales are read here");
    }
}

const QuantGroup& groupOf(const WeightFiles& files, const Dialect& dialect, const std::string& name)
{
    const std::string stored = std::string("stored as ") + nameOf(files.get(name).type);
    if (dialect.groups.empty())
        throw Error(stored + " without a way to read it", at(files, name),
            "a quantization_config in config.json that says what its scales are");
    const QuantGroup* group = dialect.groupOf(moduleOf(name));
    if (!group)
        throw Error(stored + " and listed among what is not quantised", at(files, name),
            "make the lists of " + dialect.where + " fit the weights");
    return *group;
}

/// The scale's name: both endings mean the number that codes are multiplied by.
std::string scaleName(const WeightFiles& files, const QuantGroup& group, const std::string& name)
{
    const std::string plain = name + "_scale", inverse = name + "_scale_inv";
    if (files.has(plain) && files.has(inverse))
        throw Error("two scales", at(files, name), "either " + plain + " or " + inverse);
    if (!files.has(plain) && !files.has(inverse))
        throw Error("no scale for " + std::string(nameOf(files.get(name).type)), at(files, name),
            "tensor " + (group.layout == ScaleLayout::Block ? inverse : plain)
                + " in the same folder");
    return files.has(plain) ? plain : inverse;
}

int64_t blocks(int64_t size, int64_t block)
{
    return (size + block - 1) / block;
}

/// The shapes that writers give the scales of a matrix [out, in], the usual one first.
std::vector<Shape> scaleShapes(const QuantGroup& group, int64_t out, int64_t in)
{
    if (group.layout == ScaleLayout::Tensor)
        return {{}, {1}, {1, 1}};
    if (group.layout == ScaleLayout::Row)
        return {{out, 1}, {out}};
    const int64_t rows = blocks(out, group.blockOut), columns = blocks(in, group.blockIn);
    return {{rows, columns}, {rows, 1, columns, 1}};
}

/// A tensor of scales, of `count` matrices when `count` is not 0. Throws for another shape.
const StoredTensor& scaleTensor(const WeightFiles& files, const QuantGroup& group,
    const std::string& name, int64_t count, int64_t out, int64_t in)
{
    const std::string scale = scaleName(files, group, name);
    const StoredTensor& tensor = files.get(scale);
    if (tensor.type != StoredType::F32 && tensor.type != StoredType::BF16
        && tensor.type != StoredType::F16)
        throw Error(std::string("scales stored as ") + nameOf(tensor.type), at(files, scale),
            "F32, BF16 or F16");
    std::vector<Shape> shapes = scaleShapes(group, out, in);
    for (Shape& shape : shapes) {
        if (count)
            shape.insert(shape.begin(), count);
    }
    if (std::find(shapes.begin(), shapes.end(), tensor.shape) == shapes.end())
        throw Error("the scales' shape is " + shapeText(tensor.shape), at(files, scale),
            "the weight's makes it " + shapeText(shapes.front()));
    return tensor;
}

/// Part `index` of `count` equal parts, as float32.
std::span<const float> keepScales(const StoredTensor& tensor, int64_t index, int64_t count,
    const std::string& where, ScaleStore& store)
{
    const auto part = static_cast<size_t>(tensor.elements() / count);
    const size_t bytes = part * static_cast<size_t>(bytesOf(tensor.type));
    std::vector<float> values(part);
    StoredTensor{tensor.type, {tensor.elements() / count},
        tensor.bytes.subspan(static_cast<size_t>(index) * bytes, bytes)}
        .toFloat32(values.data());
    for (float value : values) {
        if (!std::isfinite(value))
            throw Error("a scale is not finite", where, "quantise the model again");
    }
    return store.emplace_back(std::move(values));
}

/// Matrix `index` of `count` in a tensor of [out, in] each; count 0: the tensor is the matrix.
StoredMatrix matrixIn(const WeightFiles& files, const Dialect& dialect, const std::string& name,
    int64_t index, int64_t count, ScaleStore& store)
{
    const StoredTensor& tensor = files.get(name);
    StoredMatrix matrix;
    matrix.format = formatOf(tensor, at(files, name));
    matrix.out = tensor.shape[tensor.shape.size() - 2];
    matrix.in = tensor.shape.back();
    if (tensor.elements() == 0)
        throw Error("an empty matrix, " + shapeText(tensor.shape), at(files, name),
            "a checkpoint that fits its config.json");
    matrix.rowBytes = matrix.in * bytesOf(tensor.type);
    matrix.codes = tensor.bytes.data() + index * matrix.out * matrix.rowBytes;
    if (!isQuantized(tensor))
        return matrix;
    const QuantGroup& group = groupOf(files, dialect, name);
    const StoredTensor& scales = scaleTensor(files, group, name, count, matrix.out, matrix.in);
    matrix.layout = group.layout;
    matrix.blockOut = group.blockOut;
    matrix.blockIn = group.blockIn;
    matrix.scales = keepScales(scales, index, std::max<int64_t>(1, count),
        at(files, scaleName(files, group, name)), store);
    return matrix;
}

struct MxTensors {
    const StoredTensor &codes, &exponents;
};

/// Sizes checked against each other.
MxTensors mxTensors(const WeightFiles& files, const std::string& name)
{
    const MxTensors mx{files.get(name + "_blocks"), files.get(name + "_scales")};
    for (const auto& [tensor, ending] :
        {std::pair(&mx.codes, "_blocks"), std::pair(&mx.exponents, "_scales")}) {
        if (tensor->type != StoredType::U8)
            throw Error(std::string("MXFP4 stored as ") + nameOf(tensor->type),
                at(files, name + ending), "U8");
    }
    const Shape& shape = mx.codes.shape;
    if (shape.size() != 4 || shape[3] != kernels::kMxBlock / 2 || mx.codes.elements() == 0)
        throw Error("the shape is " + shapeText(shape), at(files, name + "_blocks"),
            "[experts, rows, columns / 32, 16]");
    const Shape wanted(shape.begin(), shape.end() - 1);
    if (mx.exponents.shape != wanted)
        throw Error("the scales' shape is " + shapeText(mx.exponents.shape),
            at(files, name + "_scales"), "the blocks' makes it " + shapeText(wanted));
    return mx;
}

StoredMatrix mxMatrix(const WeightFiles& files, const std::string& name, int64_t index)
{
    const MxTensors mx = mxTensors(files, name);
    StoredMatrix matrix;
    matrix.format = WeightFormat::MxFloat4;
    matrix.out = mx.codes.shape[1];
    matrix.exponentRowBytes = mx.codes.shape[2];
    matrix.in = matrix.exponentRowBytes * kernels::kMxBlock;
    matrix.rowBytes = matrix.in / 2;
    matrix.codes = mx.codes.bytes.data() + index * matrix.out * matrix.rowBytes;
    matrix.exponents = reinterpret_cast<const uint8_t*>(mx.exponents.bytes.data())
        + index * matrix.out * matrix.exponentRowBytes;
    return matrix;
}

bool isMx(const WeightFiles& files, const Dialect& dialect, const std::string& name)
{
    return dialect.method == QuantMethod::MxFloat4 && files.has(name + "_blocks");
}

} // namespace

bool isQuantized(const StoredTensor& tensor)
{
    return tensor.type == StoredType::F8E4M3 || tensor.type == StoredType::F8E5M2;
}

StoredMatrix storedMatrix(
    const WeightFiles& files, const Dialect& dialect, const std::string& name, ScaleStore& scales)
{
    const StoredTensor& tensor = files.get(name);
    if (tensor.shape.size() != 2)
        throw Error("the shape is " + shapeText(tensor.shape), at(files, name), "a matrix");
    return matrixIn(files, dialect, name, 0, 0, scales);
}

std::vector<int64_t> fusedShape(
    const WeightFiles& files, const Dialect& dialect, const std::string& name)
{
    if (isMx(files, dialect, name)) {
        const Shape& shape = mxTensors(files, name).codes.shape;
        return {shape[0], shape[1], shape[2] * kernels::kMxBlock};
    }
    const Shape& shape = files.get(name).shape;
    if (shape.size() != 3)
        throw Error("the shape is " + shapeText(shape), at(files, name),
            "experts' matrices, [experts, rows, columns]");
    return shape;
}

StoredMatrix storedExpert(const WeightFiles& files, const Dialect& dialect, const std::string& name,
    int64_t index, ScaleStore& scales)
{
    const int64_t count = fusedShape(files, dialect, name)[0];
    if (index < 0 || index >= count)
        throw Error("expert " + std::to_string(index) + " of " + std::to_string(count),
            at(files, name), "a checkpoint that fits its config.json");
    return isMx(files, dialect, name) ? mxMatrix(files, name, index)
                                      : matrixIn(files, dialect, name, index, count, scales);
}

std::vector<std::string> companionsOf(
    const WeightFiles& files, const Dialect& dialect, const std::string& name)
{
    std::vector<std::string> found;
    const auto addIfThere = [&](const std::string& companion) {
        if (files.has(companion))
            found.push_back(companion);
    };
    if (isMx(files, dialect, name)) {
        addIfThere(name + "_blocks");
        addIfThere(name + "_scales");
        return found;
    }
    if (!files.has(name) || !isQuantized(files.get(name)))
        return found;
    addIfThere(name + "_scale");
    addIfThere(name + "_scale_inv");
    const std::string module = moduleOf(name), joint = module == name ? "_" : ".";
    for (const char* ending : {"input_scale", "act_scale", "activation_scale", "input_scale_ub"})
        addIfThere(module + joint + ending);
    return found;
}

bool isCacheScale(const Dialect& dialect, const std::string& name)
{
    static constexpr std::array<std::string_view, 7> kEndings{".k_scale", ".v_scale", ".kv_scale",
        ".q_scale", ".prob_scale", ".k_proj.output_scale", ".v_proj.output_scale"};
    return dialect.method != QuantMethod::None
        && std::any_of(kEndings.begin(), kEndings.end(),
            [&](std::string_view ending) { return name.ends_with(ending); });
}

} // namespace moe::checkpoint
