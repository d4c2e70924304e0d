// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/tensor_table_model.h"

#include "ui/models/format.h"

namespace moe::models {

namespace {

/// "256 × 1,024"; "1" value of no dimensions is a scalar.
QString shapeText(const std::vector<int64_t>& shape)
{
    if (shape.empty())
        return TensorTableModel::tr("scalar");
    QStringList sizes;
    for (const int64_t size : shape)
        sizes += formatCount(size);
    return sizes.join(QStringLiteral(" × "));
}

bool isNumber(int column)
{
    return column == TensorTableModel::Shape || column == TensorTableModel::Size;
}

} // namespace

void TensorTableModel::setTensors(std::vector<session::TensorFact> tensors)
{
    beginResetModel();
    m_tensors = std::move(tensors);
    endResetModel();
}

int TensorTableModel::rowCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_tensors.size());
}

int TensorTableModel::columnCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : Columns;
}

QVariant TensorTableModel::data(const QModelIndex& index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid | CheckIndexOption::ParentIsInvalid))
        return {};
    const session::TensorFact& tensor = m_tensors[static_cast<size_t>(index.row())];
    const int column = index.column();
    if (role == Qt::TextAlignmentRole)
        return QVariant::fromValue(
            (isNumber(column) ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter);
    if (role == Qt::ToolTipRole)
        return tr("%1\n%2 values, %3 bytes")
            .arg(QString::fromStdString(tensor.name), formatCount(tensor.elements),
                formatCount(tensor.bytes));
    if (role == SortKey && isNumber(column))
        return static_cast<qlonglong>(column == Shape ? tensor.elements : tensor.bytes);
    if (role != Qt::DisplayRole && role != SortKey)
        return {};
    switch (column) {
    case Name:
        return QString::fromStdString(tensor.name);
    case Shape:
        return shapeText(tensor.shape);
    case Dtype:
        return QString::fromStdString(tensor.dtype);
    default:
        return formatBytes(tensor.bytes);
    }
}

QVariant TensorTableModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal)
        return {};
    if (role == Qt::TextAlignmentRole)
        return QVariant::fromValue(
            (isNumber(section) ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter);
    if (role != Qt::DisplayRole)
        return {};
    switch (section) {
    case Name:
        return tr("Tensor");
    case Shape:
        return tr("Shape");
    case Dtype:
        return tr("Dtype");
    default:
        return tr("Size");
    }
}

TensorFilter::TensorFilter(TensorTableModel& tensors, QObject* parent)
    : QSortFilterProxyModel(parent)
    , m_tensors(tensors)
{
    setSourceModel(&tensors);
    setSortRole(TensorTableModel::SortKey);
}

void TensorFilter::setWords(const QString& text)
{
    m_words = text.split(QLatin1Char(' '), Qt::SkipEmptyParts);
    invalidateFilter();
}

bool TensorFilter::filterAcceptsRow(int row, const QModelIndex&) const
{
    const session::TensorFact& tensor = m_tensors.tensor(row);
    const QString text = QString::fromStdString(tensor.name) + QLatin1Char(' ')
        + shapeText(tensor.shape) + QLatin1Char(' ') + QString::fromStdString(tensor.dtype);
    return std::all_of(m_words.begin(), m_words.end(),
        [&text](const QString& word) { return text.contains(word, Qt::CaseInsensitive); });
}

QString TensorFilter::sum() const
{
    int64_t elements = 0, bytes = 0;
    for (int row = 0; row < rowCount(); ++row) {
        const session::TensorFact& tensor = m_tensors.tensor(mapToSource(index(row, 0)).row());
        elements += tensor.elements;
        bytes += tensor.bytes;
    }
    const QString counts = rowCount() == m_tensors.rowCount()
        ? tr("%n tensor(s)", nullptr, rowCount())
        : tr("%1 of %n tensor(s)", nullptr, m_tensors.rowCount()).arg(formatCount(rowCount()));
    return tr("%1, %2 values, %3", "tensors, values, bytes")
        .arg(counts, formatCount(elements), formatBytes(bytes));
}

} // namespace moe::models
