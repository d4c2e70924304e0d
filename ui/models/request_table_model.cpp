// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/request_table_model.h"

#include "ui/models/format.h"

#include <algorithm>

namespace moe::models {

namespace {

QString stateText(serve::ServedRequest::State state)
{
    switch (state) {
    case serve::ServedRequest::State::Reading:
        return RequestTableModel::tr("reading");
    case serve::ServedRequest::State::Waiting:
        return RequestTableModel::tr("waiting");
    case serve::ServedRequest::State::Answering:
        return RequestTableModel::tr("answering");
    }
    return {};
}

bool isNumber(int column)
{
    return column >= RequestTableModel::Prompt;
}

} // namespace

void RequestTableModel::setRequests(std::vector<serve::ServedRequest> requests)
{
    // a row keeps its place while its request lasts: what is selected stays so
    const bool same = std::ranges::equal(
        requests, m_requests, {}, &serve::ServedRequest::id, &serve::ServedRequest::id);
    if (same) {
        m_requests = std::move(requests);
        if (!m_requests.empty())
            Q_EMIT dataChanged(index(0, 0), index(rowCount() - 1, Columns - 1));
        return;
    }
    beginResetModel();
    m_requests = std::move(requests);
    endResetModel();
}

int RequestTableModel::rowCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_requests.size());
}

int RequestTableModel::columnCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : Columns;
}

QVariant RequestTableModel::data(const QModelIndex& index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid | CheckIndexOption::ParentIsInvalid))
        return {};
    const serve::ServedRequest& request = m_requests[static_cast<size_t>(index.row())];
    if (role == Qt::TextAlignmentRole)
        return QVariant::fromValue(
            (isNumber(index.column()) ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter);
    if (role == Qt::ToolTipRole)
        return tr("Request %1, %2")
            .arg(formatCount(static_cast<int64_t>(request.id)),
                QString::fromLatin1(serve::nameOf(request.route)));
    if (role != Qt::DisplayRole)
        return {};
    switch (index.column()) {
    case Client:
        return QString::fromStdString(request.client);
    case State:
        return stateText(request.state);
    case Prompt:
        return formatCount(request.promptTokens);
    case Generated:
        return formatCount(request.generatedTokens);
    default:
        return formatFixed(request.seconds, 1) + narrowSpace() + tr("s", "seconds");
    }
}

QVariant RequestTableModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal)
        return {};
    if (role == Qt::TextAlignmentRole)
        return QVariant::fromValue(
            (isNumber(section) ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter);
    if (role != Qt::DisplayRole && role != Qt::ToolTipRole)
        return {};
    const bool tip = role == Qt::ToolTipRole;
    switch (section) {
    case Client:
        return tr("Client");
    case State:
        return tr("State");
    case Prompt:
        return tip ? tr("Tokens of the prompt") : tr("Prompt");
    case Generated:
        return tip ? tr("Tokens generated") : tr("Made", "tokens generated, short");
    default:
        return tr("Time");
    }
}

} // namespace moe::models
