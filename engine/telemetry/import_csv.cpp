// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/base/files.h"
#include "engine/telemetry/importers.h"
#include "engine/telemetry/scalar_fields.h"
#include "kernels/error.h"

#include <charconv>
#include <cmath>

namespace moe::telemetry {

namespace {

/// Reads comma-separated values as RFC 4180 says: cells may be quoted, with "" for a quote, and
/// then hold commas and line ends.
class CsvReader {
public:
    CsvReader(std::string_view text, std::string where)
        : m_rest(text)
        , m_where(std::move(where))
    {
    }

    /// False at the end of the text.
    bool row(std::vector<std::string>& cells)
    {
        cells.clear();
        if (m_rest.empty())
            return false;
        ++m_row;
        for (;;) {
            cells.push_back(cell());
            if (m_rest.empty())
                return true;
            const char separator = m_rest.front();
            m_rest.remove_prefix(1);
            if (separator == '\r' && m_rest.starts_with('\n'))
                m_rest.remove_prefix(1);
            if (separator != ',')
                return true;
        }
    }

    std::string where() const { return m_where + ": row " + std::to_string(m_row); }

private:
    std::string cell()
    {
        if (!m_rest.starts_with('"')) {
            const size_t end = m_rest.find_first_of(",\r\n");
            std::string text(m_rest.substr(0, end));
            m_rest.remove_prefix(std::min(end, m_rest.size()));
            return text;
        }
        std::string text;
        for (size_t at = 1; at < m_rest.size(); ++at) {
            if (m_rest[at] != '"') {
                text += m_rest[at];
            } else if (at + 1 < m_rest.size() && m_rest[at + 1] == '"') {
                text += '"';
                ++at;
            } else {
                m_rest.remove_prefix(at + 1);
                if (!m_rest.empty()
                    && std::string_view(",\r\n").find(m_rest[0]) == std::string::npos)
                    throw Error("text behind a closing quote", where(), "a comma or a line end");
                return text;
            }
        }
        throw Error("a quote is never closed", where(), "close it with \"");
    }

    std::string_view m_rest;
    std::string m_where;
    int64_t m_row = 0;
};

double numberFrom(const std::string& cell, const std::string& where, const std::string& column)
{
    double value = NAN;
    const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
    if (error != std::errc() || end != cell.data() + cell.size())
        throw Error("not a number", where + ", column " + column.substr(0, 80),
            "a number, or an empty cell where there is none");
    return value;
}

/// "layers/3/load/5" -> "layers/3/load"; empty for a column that is not one expert's.
std::string countsKey(const std::string& column)
{
    const size_t slash = column.rfind('/');
    const std::string key = column.substr(0, slash);
    const LayerKey path = parseLayerKey(key);
    const bool counts
        = path.layer >= 0 && (path.name == "load" || path.name == "dropped_by_expert");
    return counts ? key : "";
}

} // namespace

std::vector<int64_t> importCsv(RunStore& store, const std::filesystem::path& file)
{
    const base::MappedFile mapped(file);
    CsvReader reader({reinterpret_cast<const char*>(mapped.bytes().data()), mapped.bytes().size()},
        file.string());
    std::vector<std::string> columns;
    reader.row(columns);
    RecordCollector collector;
    for (std::vector<std::string> cells; reader.row(cells);) {
        if (cells.size() == 1 && cells[0].empty())
            continue; // a blank line
        if (cells.size() != columns.size())
            throw Error("wrong number of cells", reader.where(),
                std::to_string(columns.size()) + " as in the first row");
        const double step = numberFrom(cells[0], reader.where(), columns[0]);
        if (!(step >= 0) || step > static_cast<double>(kLargestStep) || step != std::floor(step))
            throw Error("not a step", reader.where(), "a whole number from 0");
        const auto at = static_cast<int64_t>(step);
        std::vector<double> counts;
        for (size_t c = 1; c < columns.size(); ++c) {
            // The experts' columns of one layer stand side by side; trailing ones may be empty.
            const std::string key = countsKey(columns[c]);
            if (key.empty() && !cells[c].empty())
                collector.addScalar(
                    at, columns[c], numberFrom(cells[c], reader.where(), columns[c]));
            if (key.empty())
                continue;
            if (!cells[c].empty())
                counts.push_back(numberFrom(cells[c], reader.where(), columns[c]));
            const bool lastExpert = c + 1 == columns.size() || countsKey(columns[c + 1]) != key;
            if (lastExpert && !counts.empty() && !collector.addCounts(at, key, counts))
                throw Error(
                    "not a count", reader.where() + ", column " + key, "whole numbers from 0");
            if (lastExpert)
                counts.clear();
        }
    }
    if (collector.empty())
        throw Error("nothing to import", file.string(), "the file has no rows with numbers");
    return {storeImported(store, file.stem().string(), "csv", collector.take())};
}

} // namespace moe::telemetry
