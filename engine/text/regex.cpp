// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/text/regex.h"

#include "kernels/error.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <ctime>
#include <new>
#include <optional>

namespace moe::text {

namespace {

/// Steps of one match, with or without compiled code: at least so many, and so many a byte. What
/// reads on to the end of a run and comes back takes a step or two for each of its characters.
constexpr size_t kMatchLimit = 1'000'000, kStepsPerByte = 8;
constexpr uint32_t kDepthLimit = 10'000;
constexpr uint32_t kHeapLimitKiB = 65'536;
constexpr size_t kStackBytes = 1 << 20; // of compiled code, grown as needed
/// A match is looked for from so many bytes on before the time is checked.
constexpr size_t kWindowBytes = 256;

/// How much of a scan goes by before the clock is read: a byte counts 1, a match 16.
constexpr size_t kClockEvery = 1024;

double threadSeconds()
{
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

/// Where each of n starts reads on for n characters, n² steps are allowed by every limit of a
/// single match: this ends that. Honest texts take well under a microsecond a byte.
class Budget {
public:
    void allow(size_t bytes) { m_allowed += 4e-6 * static_cast<double>(bytes); }
    bool spent(size_t work)
    {
        m_work += work;
        if (m_work < kClockEvery)
            return false;
        m_work = 0;
        const double now = threadSeconds();
        if (m_start == 0)
            m_start = now;
        return now > m_start + m_allowed;
    }

private:
    double m_allowed = 2, m_start = 0; // seconds
    size_t m_work = 0;
};

size_t characterStart(std::string_view text, size_t at)
{
    while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80)
        ++at;
    return at;
}

template <typename T> using Freed = std::unique_ptr<T, void (*)(T*)>;

} // namespace

Regex::Regex(const std::string& pattern, const std::string& where)
    : m_pattern(pattern)
    , m_where(where)
{
    compile(translateOniguruma(pattern, where));
}

Regex Regex::literal(std::string_view text, const std::string& where)
{
    Regex regex;
    regex.m_pattern = text;
    regex.m_where = where;
    std::string quoted;
    for (const char c : text) {
        if (static_cast<unsigned char>(c) < 0x80 && !std::isalnum(static_cast<unsigned char>(c)))
            quoted += '\\';
        quoted += c;
    }
    regex.compile(quoted);
    return regex;
}

void Regex::compile(const std::string& translated)
{
    const Freed<pcre2_compile_context> context(
        pcre2_compile_context_create(nullptr), pcre2_compile_context_free);
    if (!context)
        throw std::bad_alloc();
    pcre2_set_newline(context.get(), PCRE2_NEWLINE_LF);
    pcre2_set_parens_nest_limit(context.get(), 100);
    int error = 0;
    size_t offset = 0;
    pcre2_code* code = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(translated.data()),
        translated.size(),
        PCRE2_UTF | PCRE2_UCP | PCRE2_MULTILINE | PCRE2_USE_OFFSET_LIMIT | PCRE2_NEVER_BACKSLASH_C,
        &error, &offset, context.get());
    if (!code)
        throw Error("a pattern that is not understood", m_where,
            "from \"" + translated.substr(std::min(offset, translated.size()), 40) + "\" on in "
                + m_pattern.substr(0, 200));
    m_code = std::shared_ptr<const pcre2_code>(
        code, [](const pcre2_code* owned) { pcre2_code_free(const_cast<pcre2_code*>(owned)); });
    pcre2_jit_compile(code, PCRE2_JIT_COMPLETE); // where there is none, the interpreter runs
}

struct RegexScan::Work {
    Freed<pcre2_match_data> data;
    Freed<pcre2_match_context> context;
    Freed<pcre2_jit_stack> stack{nullptr, pcre2_jit_stack_free};
    Budget budget{};
};

RegexScan::RegexScan(const Regex& regex)
    : m_regex(regex)
    , m_work(new Work{{pcre2_match_data_create_from_pattern(regex.m_code.get(), nullptr),
                          pcre2_match_data_free},
          {pcre2_match_context_create(nullptr), pcre2_match_context_free}})
{
    if (!m_work->data || !m_work->context)
        throw std::bad_alloc();
    pcre2_set_depth_limit(m_work->context.get(), kDepthLimit);
    pcre2_set_heap_limit(m_work->context.get(), kHeapLimitKiB);
}

RegexScan::~RegexScan() = default;

void RegexScan::forEachMatch(
    std::string_view text, const std::function<void(size_t begin, size_t end)>& match)
{
    pcre2_match_context* context = m_work->context.get();
    const auto subject = reinterpret_cast<PCRE2_SPTR>(text.empty() ? "" : text.data());
    const auto tooLong = [&] {
        return Error("a text on which the tokenizer's pattern takes too long", m_regex.m_where,
            "another text; the pattern is " + m_regex.m_pattern.substr(0, 200));
    };
    m_work->budget.allow(text.size());
    pcre2_set_match_limit(context,
        static_cast<uint32_t>(
            std::clamp<size_t>(kStepsPerByte * text.size(), kMatchLimit, UINT32_MAX)));
    std::optional<size_t> lastEnd;
    for (size_t at = 0; at <= text.size();) {
        const size_t window = characterStart(text, std::min(text.size(), at + kWindowBytes));
        pcre2_set_offset_limit(context, window);
        const int count = pcre2_match(m_regex.m_code.get(), subject, text.size(), at,
            PCRE2_NO_UTF_CHECK, m_work->data.get(), context);
        if (count == PCRE2_ERROR_JIT_STACKLIMIT && !m_work->stack) {
            m_work->stack.reset(pcre2_jit_stack_create(32 << 10, kStackBytes, nullptr));
            pcre2_jit_stack_assign(context, nullptr, m_work->stack.get());
            continue;
        }
        if (count < 0 && count != PCRE2_ERROR_NOMATCH)
            throw tooLong();
        const size_t* bounds = pcre2_get_ovector_pointer(m_work->data.get());
        const size_t begin = count < 0 ? window : bounds[0], end = count < 0 ? window : bounds[1];
        if (m_work->budget.spent(16 + begin - at))
            throw tooLong();
        if (count < 0) {
            if (window >= text.size())
                return;
            at = window;
        } else if (begin == end && lastEnd == end) {
            at = characterStart(text, end + 1); // an empty match right behind a match
        } else {
            match(begin, end);
            lastEnd = at = end;
        }
    }
}

} // namespace moe::text
