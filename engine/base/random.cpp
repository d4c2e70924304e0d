// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/base/random.h"

#include <cmath>
#include <numbers>

namespace moe::base {

namespace {

uint64_t splitmix(uint64_t& state)
{
    uint64_t z = (state += 0x9E3779B97F4A7C15ULL);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31);
}

uint64_t rotl(uint64_t x, int k)
{
    return (x << k) | (x >> (64 - k));
}

} // namespace

Random::Random(uint64_t seed)
{
    for (uint64_t& word : m_state)
        word = splitmix(seed);
}

uint64_t Random::next()
{
    const uint64_t result = rotl(m_state[1] * 5, 7) * 9;
    const uint64_t t = m_state[1] << 17;
    m_state[2] ^= m_state[0];
    m_state[3] ^= m_state[1];
    m_state[1] ^= m_state[2];
    m_state[0] ^= m_state[3];
    m_state[2] ^= t;
    m_state[3] = rotl(m_state[3], 45);
    return result;
}

double Random::uniform()
{
    return static_cast<double>(next() >> 11) * 0x1.0p-53;
}

double Random::normal()
{
    if (m_hasSpare) {
        m_hasSpare = false;
        return m_spare;
    }
    const double radius = std::sqrt(-2 * std::log(1 - uniform()));
    const double angle = 2 * std::numbers::pi * uniform();
    m_spare = radius * std::sin(angle);
    m_hasSpare = true;
    return radius * std::cos(angle);
}

uint64_t Random::below(uint64_t bound)
{
    const uint64_t limit = bound * (UINT64_MAX / bound);
    uint64_t value = next();
    while (value >= limit)
        value = next();
    return value % bound;
}

uint64_t streamSeed(uint64_t seed, const char* name, uint64_t index)
{
    uint64_t hash = 0xCBF29CE484222325ULL ^ seed;
    for (const char* c = name; *c; ++c)
        hash = (hash ^ static_cast<unsigned char>(*c)) * 0x100000001B3ULL;
    hash ^= index * 0x9E3779B97F4A7C15ULL;
    return splitmix(hash);
}

} // namespace moe::base
