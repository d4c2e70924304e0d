// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "kernels/reference/backend_class.h"

namespace moe::kernels::reference {
namespace {

size_t rowOf(int32_t id, int64_t vocabulary, int64_t hidden)
{
    if (id < 0 || id >= vocabulary)
        refuse("embedding: id", std::to_string(id),
            "an id from 0 to " + std::to_string(vocabulary - 1));
    return static_cast<size_t>(id * hidden);
}

} // namespace

Values embedding(const Indices& ids, const Values& table, int64_t hidden)
{
    const int64_t vocabulary = static_cast<int64_t>(table.size()) / hidden;
    Values out;
    out.reserve(ids.size() * static_cast<size_t>(hidden));
    for (const int32_t id : ids) {
        const size_t row = rowOf(id, vocabulary, hidden);
        for (size_t i = 0; i < static_cast<size_t>(hidden); ++i)
            out.push_back(table[row + i]);
    }
    return out;
}

Values embeddingGradient(const Indices& ids, const Values& dOut, int64_t vocabulary, int64_t hidden)
{
    Values dTable(static_cast<size_t>(vocabulary * hidden));
    size_t next = 0;
    for (const int32_t id : ids) {
        const size_t row = rowOf(id, vocabulary, hidden);
        for (size_t i = 0; i < static_cast<size_t>(hidden); ++i)
            dTable[row + i] += dOut[next++];
    }
    return dTable;
}

void ReferenceBackend::embeddingForward(
    const TensorView& ids, const TensorView& table, const TensorView& out)
{
    const int64_t hidden = table.shape[1];
    store(out,
        embedding(readIndices(ids, ids.elements(), "embeddingForward: ids"),
            read(table, table.elements(), "embeddingForward: table"), hidden),
        Write::Overwrite, "embeddingForward: out");
}

void ReferenceBackend::embeddingBackward(
    const TensorView& ids, const TensorView& dOut, const TensorView& dTable, Write write)
{
    const int64_t hidden = dTable.shape[1];
    store(dTable,
        embeddingGradient(readIndices(ids, ids.elements(), "embeddingBackward: ids"),
            read(dOut, ids.elements() * hidden, "embeddingBackward: dOut"), dTable.shape[0],
            hidden),
        write, "embeddingBackward: dTable");
}

} // namespace moe::kernels::reference
