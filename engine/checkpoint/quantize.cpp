// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/checkpoint/quantize.h"

#include "engine/base/files.h"
#include "engine/checkpoint/checkpoint.h"
#include "engine/checkpoint/dialect.h"
#include "engine/checkpoint/folder_in_the_making.h"
#include "engine/checkpoint/quantize_plan.h"
#include "engine/checkpoint/safetensors_writer.h"
#include "kernels/error.h"
#include "kernels/fp8.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

namespace moe::checkpoint {

namespace {

namespace fs = std::filesystem;

constexpr int64_t kBlock = 128;
constexpr std::array<const char*, 3> kNames{"fp8-tensor", "fp8-channel", "fp8-block"};

/// Which scale an element has: the size of the areas that share one.
struct Grid {
    Grid(QuantScheme scheme, int64_t rows, int64_t columns)
        : height(scheme == QuantScheme::Fp8Tensor   ? rows
                : scheme == QuantScheme::Fp8Channel ? 1
                                                    : kBlock)
        , width(scheme == QuantScheme::Fp8Block ? kBlock : columns)
        , down((rows + height - 1) / height)
        , across((columns + width - 1) / width)
    {
    }
    int64_t height, width; ///< of an area
    int64_t down, across; ///< areas
};

std::vector<int64_t> scaleShape(QuantScheme scheme, const Grid& grid)
{
    if (scheme == QuantScheme::Fp8Tensor)
        return {};
    return {grid.down, grid.across};
}

const char* scaleEnding(QuantScheme scheme)
{
    return scheme == QuantScheme::Fp8Block ? "_scale_inv" : "_scale";
}

std::vector<std::byte> codesOf(QuantScheme scheme, std::span<const float> matrix, int64_t rows,
    int64_t columns, std::span<const float> scales)
{
    const Grid grid(scheme, rows, columns);
    std::vector<std::byte> codes(matrix.size());
    for (int64_t row = 0; row < rows; ++row) {
        const float* from = matrix.data() + row * columns;
        std::byte* to = codes.data() + row * columns;
        for (int64_t begin = 0; begin < columns; begin += grid.width) {
            const int64_t end = std::min(columns, begin + grid.width);
            const float scale
                = scales[static_cast<size_t>(row / grid.height * grid.across + begin / grid.width)];
            for (int64_t i = begin; i < end; ++i)
                to[i] = static_cast<std::byte>(kernels::encodeE4M3(from[i] / scale));
        }
    }
    return codes;
}

std::vector<float> valuesOf(const QuantizePiece& piece)
{
    const StoredTensor& source = *piece.source;
    const auto bytes = static_cast<size_t>(bytesOf(source.type));
    const auto count = static_cast<size_t>(piece.rows * piece.columns);
    std::vector<float> values(count);
    StoredTensor{source.type, {piece.rows, piece.columns},
        source.bytes.subspan(static_cast<size_t>(piece.firstElement) * bytes, count * bytes)}
        .toFloat32(values.data());
    return values;
}

/// Writes the pieces of a plan. Scales stand before codes in the file (they are wider), so that
/// they are known by the time that codes are made.
class PieceWriter {
public:
    PieceWriter(const QuantizePlan& plan, QuantScheme scheme, std::string where)
        : m_scheme(scheme)
        , m_where(std::move(where))
    {
        for (const QuantizePiece& piece : plan.pieces) {
            if (!piece.quantized) {
                m_headers.push_back({piece.name, piece.source->type, piece.source->shape});
                m_pieces[piece.name] = &piece;
                continue;
            }
            const Grid grid(scheme, piece.rows, piece.columns);
            const std::string scale = piece.name + scaleEnding(scheme);
            m_headers.push_back({piece.name, StoredType::F8E4M3, {piece.rows, piece.columns}});
            m_headers.push_back({scale, StoredType::F32, scaleShape(scheme, grid)});
            m_pieces[piece.name] = &piece;
            m_scaleOf[scale] = &piece;
        }
    }

    const std::vector<TensorHeader>& headers() const { return m_headers; }

    /// The bytes of one of headers(), in the order of a SafetensorsWriter.
    void write(const TensorHeader& header, SafetensorsWriter& writer)
    {
        const auto scale = m_scaleOf.find(header.name);
        if (scale != m_scaleOf.end()) {
            const QuantizePiece& piece = *scale->second;
            std::vector<float>& scales = m_scales[piece.name];
            scales = scalesOf(
                m_scheme, valuesOf(piece), piece.rows, piece.columns, m_where + ": " + piece.name);
            return writer.write(std::as_bytes(std::span(scales)));
        }
        const QuantizePiece& piece = *m_pieces.at(header.name);
        if (!piece.quantized)
            return writer.write(piece.source->bytes);
        writer.write(
            codesOf(m_scheme, valuesOf(piece), piece.rows, piece.columns, m_scales.at(piece.name)));
    }

private:
    QuantScheme m_scheme;
    std::string m_where;
    std::vector<TensorHeader> m_headers;
    std::map<std::string, const QuantizePiece*> m_pieces; ///< by what is written of them
    std::map<std::string, const QuantizePiece*> m_scaleOf;
    std::map<std::string, std::vector<float>> m_scales;
};

int64_t bytesOfHeader(const TensorHeader& header)
{
    int64_t bytes = bytesOf(header.type);
    for (int64_t size : header.shape)
        bytes *= size;
    return bytes;
}

} // namespace

const char* nameOf(QuantScheme scheme)
{
    return kNames[static_cast<size_t>(scheme)];
}

QuantScheme quantSchemeOf(const std::string& name)
{
    const auto* found = std::find(kNames.begin(), kNames.end(), name);
    if (found == kNames.end())
        throw UsageError("unknown scheme \"" + name.substr(0, 80) + "\"", "--scheme",
            "one of fp8-tensor, fp8-channel, fp8-block");
    return static_cast<QuantScheme>(found - kNames.begin());
}

std::vector<float> scalesOf(QuantScheme scheme, std::span<const float> matrix, int64_t rows,
    int64_t columns, const std::string& where)
{
    const Grid grid(scheme, rows, columns);
    std::vector<float> largest(static_cast<size_t>(grid.down * grid.across), 0.0F);
    for (int64_t row = 0; row < rows; ++row) {
        for (int64_t i = 0; i < columns; ++i) {
            const float size = std::abs(matrix[static_cast<size_t>(row * columns + i)]);
            if (!std::isfinite(size))
                throw Error("a weight that is not finite", where,
                    "[" + std::to_string(row) + ", " + std::to_string(i)
                        + "] is NaN or infinite: fetch or train the checkpoint again");
            float& area
                = largest[static_cast<size_t>(row / grid.height * grid.across + i / grid.width)];
            area = std::max(area, size);
        }
    }
    for (float& scale : largest) {
        scale /= kernels::kE4M3Largest;
        if (scale == 0) // all zero, or so small that the quotient is
            scale = 1;
    }
    return largest;
}

QuantizeResult quantizeFolder(const fs::path& from, QuantScheme scheme, const fs::path& out,
    const std::stop_token& stop, const std::function<void(int64_t, int64_t)>& progress)
{
    const model::ModelConfig config = model::readConfig(from);
    base::Json json = base::readJsonFile(from / "config.json");
    if (const Dialect dialect = readDialect(json, from); dialect.method != QuantMethod::None)
        throw Error(
            "the checkpoint is quantised already", dialect.where, "start from the unquantised one");
    const WeightFiles files(from);
    const QuantizePlan plan = planQuantization(files, config);
    json["quantization_config"] = quantizationConfig(scheme, plan.keptModules);

    PieceWriter pieces(plan, scheme, from.string());
    QuantizeResult result{plan.quantized, plan.kept, 0, 0};
    for (const std::string& name : files.names())
        result.bytesBefore += static_cast<int64_t>(files.get(name).bytes.size());
    for (const TensorHeader& header : pieces.headers())
        result.bytesAfter += bytesOfHeader(header);

    FolderInTheMaking folder(out);
    base::showingPlace(folder.path(), out, [&] {
        base::writeFileAtomically(folder.path() / "config.json", json.dump(2) + "\n");
        copyTokenizer(from, folder.path());
        SafetensorsWriter writer(
            folder.path() / "model.safetensors", pieces.headers(), {{"format", "pt"}});
        int64_t done = 0;
        for (const TensorHeader& header : writer.order()) {
            if (stop.stop_requested())
                throw Cancelled("stopped", out.string(), "nothing was written");
            pieces.write(header, writer);
            progress(done += bytesOfHeader(header), result.bytesAfter);
        }
        writer.commit();
        folder.commit();
    });
    return result;
}

} // namespace moe::checkpoint
