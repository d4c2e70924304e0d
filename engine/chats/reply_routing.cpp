// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/chats/reply_routing.h"

#include "kernels/error.h"

#include <algorithm>
#include <cstring>

namespace moe::chats {

namespace {

constexpr uint32_t kWithoutGates = 0x31526F4D, kMagic = 0x32526F4D; // "MoR1", "MoR2"

/// Of what is read, so that a map of layers by experts stays small: more than any model has.
constexpr int32_t kMostLayers = 1024, kMostExperts = 4096;

class Writer {
public:
    template <typename T> void put(T value)
    {
        const auto* bytes = reinterpret_cast<const uint8_t*>(&value);
        m_bytes.insert(m_bytes.end(), bytes, bytes + sizeof(T));
    }
    template <typename T> void putAll(const std::vector<T>& values)
    {
        const auto* bytes = reinterpret_cast<const uint8_t*>(values.data());
        m_bytes.insert(m_bytes.end(), bytes, bytes + values.size() * sizeof(T));
    }
    void put(const std::string& text)
    {
        put(static_cast<uint32_t>(text.size()));
        m_bytes.insert(m_bytes.end(), text.begin(), text.end());
    }
    std::vector<uint8_t> take() { return std::move(m_bytes); }

private:
    std::vector<uint8_t> m_bytes;
};

class Reader {
public:
    explicit Reader(std::span<const uint8_t> bytes)
        : m_left(bytes)
    {
    }
    template <typename T> T get()
    {
        T value;
        std::memcpy(&value, take(1, sizeof(T)).data(), sizeof(T));
        return value;
    }
    template <typename T> std::vector<T> getAll(uint64_t count)
    {
        const auto bytes = take(count, sizeof(T));
        std::vector<T> values(count);
        if (count > 0)
            std::memcpy(values.data(), bytes.data(), bytes.size());
        return values;
    }
    std::string text()
    {
        const auto bytes = take(get<uint32_t>(), 1);
        return {bytes.begin(), bytes.end()};
    }
    bool atEnd() const { return m_left.empty(); }

    [[noreturn]] static void refuse()
    {
        throw Error("a reply's routing is damaged", "the store", "the reply itself is whole");
    }

private:
    std::span<const uint8_t> take(uint64_t count, size_t size)
    {
        if (count > m_left.size() / size)
            refuse();
        const auto bytes = m_left.first(count * size);
        m_left = m_left.subspan(count * size);
        return bytes;
    }
    std::span<const uint8_t> m_left;
};

/// Layers rise, and have the experts that a token is given.
void checkLayers(const std::vector<ReplyRouting::Layer>& layers)
{
    int32_t before = -1;
    for (const ReplyRouting::Layer& layer : layers) {
        if (layer.layer <= before || layer.layer >= kMostLayers || layer.experts < 1
            || layer.experts > kMostExperts || layer.chosen < 0 || layer.extra < 0
            || layer.chosen > layer.experts || layer.extra > layer.experts - layer.chosen)
            Reader::refuse();
        before = layer.layer;
    }
}

} // namespace

int64_t ReplyRouting::stride() const
{
    return offsetOf(layers.size());
}

int64_t ReplyRouting::offsetOf(size_t layer) const
{
    int64_t offset = 0;
    for (size_t i = 0; i < layer; ++i)
        offset += layers[i].chosen + layers[i].extra;
    return offset;
}

int64_t ReplyRouting::columns() const
{
    const int64_t width = stride();
    return width > 0 ? static_cast<int64_t>(experts.size()) / width : 0;
}

void ReplyRouting::keepColumns(int64_t most)
{
    const auto places = static_cast<size_t>(std::min(columns(), most) * stride());
    experts.resize(places);
    weights.resize(places);
    gates.resize(std::min(gates.size(), places));
}

int32_t ReplyRouting::widest() const
{
    int32_t most = 0;
    for (const Layer& layer : layers)
        most = std::max(most, layer.experts);
    return most;
}

std::vector<int64_t> ReplyRouting::load() const
{
    const auto across = static_cast<size_t>(widest());
    const int64_t tokens = columns();
    std::vector<int64_t> counts(layers.size() * across, 0);
    const uint16_t* at = experts.data();
    for (int64_t column = 0; column < tokens; ++column) {
        int64_t* row = counts.data();
        for (const Layer& layer : layers) {
            for (int32_t i = 0; i < layer.chosen; ++i) {
                if (at[i] < layer.experts)
                    ++row[at[i]];
            }
            at += layer.chosen + layer.extra;
            row += across;
        }
    }
    return counts;
}

std::vector<int64_t> ReplyRouting::tokensOf(size_t layer, int32_t expert) const
{
    std::vector<int64_t> found;
    const int64_t width = stride(), offset = offsetOf(layer);
    for (int64_t column = 0; column < columns(); ++column) {
        const auto first = experts.begin() + column * width + offset;
        if (std::find(first, first + layers[layer].chosen, expert) != first + layers[layer].chosen)
            found.push_back(column);
    }
    return found;
}

std::vector<uint8_t> encode(const ReplyRouting& routing)
{
    Writer out;
    out.put(routing.gates.size() == routing.weights.size() ? kMagic : kWithoutGates);
    out.put(static_cast<uint32_t>(routing.layers.size()));
    out.put(static_cast<uint32_t>(routing.ids.size()));
    out.put(static_cast<uint32_t>(routing.columns()));
    for (const ReplyRouting::Layer& layer : routing.layers) {
        for (const int32_t value : {layer.layer, layer.experts, layer.chosen, layer.extra})
            out.put(value);
    }
    out.putAll(routing.ids);
    for (size_t i = 0; i < routing.ids.size(); ++i)
        out.put(i < routing.texts.size() ? routing.texts[i] : std::string());
    out.putAll(routing.experts);
    out.putAll(routing.weights);
    if (routing.gates.size() == routing.weights.size())
        out.putAll(routing.gates);
    return out.take();
}

ReplyRouting decodeRouting(std::span<const uint8_t> bytes)
{
    Reader in(bytes);
    const auto magic = in.get<uint32_t>();
    if (magic != kMagic && magic != kWithoutGates)
        Reader::refuse();
    ReplyRouting routing;
    const auto layers = in.get<uint32_t>(), tokens = in.get<uint32_t>(),
               columns = in.get<uint32_t>();
    for (uint32_t i = 0; i < layers; ++i) {
        ReplyRouting::Layer layer;
        for (int32_t* value : {&layer.layer, &layer.experts, &layer.chosen, &layer.extra})
            *value = in.get<int32_t>();
        routing.layers.push_back(layer);
    }
    checkLayers(routing.layers);
    routing.ids = in.getAll<int32_t>(tokens);
    for (uint32_t i = 0; i < tokens; ++i)
        routing.texts.push_back(in.text());
    const uint64_t cells = static_cast<uint64_t>(routing.stride()) * columns;
    routing.experts = in.getAll<uint16_t>(cells);
    routing.weights = in.getAll<float>(cells);
    if (magic == kMagic)
        routing.gates = in.getAll<float>(cells);
    if (!in.atEnd())
        Reader::refuse();
    return routing;
}

} // namespace moe::chats
