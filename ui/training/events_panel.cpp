// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/training/events_panel.h"

#include "ui/shell/theme.h"
#include "ui/training/table_delegates.h"

#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QStackedWidget>
#include <QTableView>
#include <QToolButton>
#include <QVBoxLayout>

namespace moe::training {

using models::EventTableModel;
using shell::px;

EventsPanel::EventsPanel(models::EventTableModel& model, shell::TitleBar& title, QWidget* parent)
    : QWidget(parent)
    , m_model(model)
    , m_filter(new QLineEdit(this))
    , m_pages(new QStackedWidget(this))
    , m_table(new QTableView(this))
    , m_none(shell::makeLabel(tr("What happens in a run stands here."), shell::TextRole::Body,
          &shell::Theme::text2, false, this))
{
    m_proxy.setSourceModel(&m_model);
    m_proxy.setFilterKeyColumn(EventTableModel::What);
    m_proxy.setFilterCaseSensitivity(Qt::CaseInsensitive);
    m_table->setObjectName(QStringLiteral("eventTable"));
    m_table->setAccessibleName(tr("Events"));
    m_table->setModel(&m_proxy);
    m_table->setItemDelegateForColumn(EventTableModel::What, new PaddedDelegate(m_table));
    m_table->setItemDelegateForColumn(EventTableModel::Flag, new FlagDelegate(m_table));
    m_table->setFont(shell::numberFont(shell::TextRole::Secondary));
    m_table->setSelectionBehavior(QAbstractItemView::SelectRows);
    m_table->setSelectionMode(QAbstractItemView::SingleSelection);
    m_table->setShowGrid(false);
    m_table->setWordWrap(false);
    m_table->verticalHeader()->hide();
    m_table->verticalHeader()->setMinimumSectionSize(px(16));
    m_table->verticalHeader()->setDefaultSectionSize(px(24));
    QHeaderView* header = m_table->horizontalHeader();
    header->setMinimumSectionSize(px(20));
    header->setFixedHeight(px(24));
    header->setSectionResizeMode(QHeaderView::Fixed);
    header->setSectionResizeMode(EventTableModel::What, QHeaderView::Stretch);
    header->resizeSection(EventTableModel::Step, px(62));
    header->resizeSection(EventTableModel::Flag, px(34));
    const auto choose = [this](const QModelIndex& index) {
        Q_EMIT stepChosen(index.data(EventTableModel::StepNumber).toLongLong());
    };
    connect(m_table, &QTableView::clicked, this, choose);
    connect(m_table, &QTableView::activated, this, choose);

    m_filter->setPlaceholderText(tr("Filter events"));
    m_filter->setAccessibleName(tr("Filter events"));
    m_filter->hide();
    connect(
        m_filter, &QLineEdit::textChanged, &m_proxy, &QSortFilterProxyModel::setFilterFixedString);
    QToolButton* search = title.addButton(QStringLiteral("search"), tr("Filter events"));
    search->setCheckable(true);
    connect(search, &QToolButton::toggled, this, [this](bool shown) {
        m_filter->setVisible(shown);
        if (shown)
            m_filter->setFocus();
        else
            m_filter->clear();
    });
    m_none->setAlignment(Qt::AlignTop | Qt::AlignLeft);
    m_none->setContentsMargins(px(12), px(8), px(12), 0);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(px(4));
    auto* inset = new QVBoxLayout;
    inset->setContentsMargins(px(12), 0, px(12), 0);
    inset->addWidget(m_filter);
    column->addLayout(inset);
    m_pages->addWidget(m_table);
    m_pages->addWidget(m_none);
    column->addWidget(m_pages, 1);
    setBackgroundRole(QPalette::Base);
    setAutoFillBackground(true);
    connect(&m_model, &QAbstractItemModel::rowsInserted, this, &EventsPanel::updateEmpty);
    connect(&m_model, &QAbstractItemModel::modelReset, this, &EventsPanel::updateEmpty);
    updateEmpty();
}

void EventsPanel::updateEmpty()
{
    m_pages->setCurrentIndex(m_model.rowCount() == 0 ? 1 : 0);
}

void EventsPanel::selectFlag(int number)
{
    const int row = m_model.rowOfFlag(number);
    if (row < 0)
        return;
    const QModelIndex index = m_proxy.mapFromSource(m_model.index(row, 0));
    if (!index.isValid())
        return;
    m_table->selectRow(index.row());
    m_table->scrollTo(index);
    Q_EMIT stepChosen(index.data(EventTableModel::StepNumber).toLongLong());
}

} // namespace moe::training
