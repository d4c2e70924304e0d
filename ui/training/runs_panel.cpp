// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/training/runs_panel.h"

#include "ui/models/format.h"
#include "ui/shell/theme.h"
#include "ui/training/table_delegates.h"

#include <QAction>
#include <QEvent>
#include <QFontMetrics>
#include <QHeaderView>
#include <QInputDialog>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QMessageBox>
#include <QPushButton>
#include <QStackedWidget>
#include <QStyle>
#include <QStyleOptionViewItem>
#include <QTableView>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>
#include <utility>

namespace moe::training {

using models::RunTableModel;
using shell::px;

RunsPanel::RunsPanel(models::RunTableModel& model, shell::TitleBar& title, QWidget* parent)
    : QWidget(parent)
    , m_model(model)
    , m_filter(new QLineEdit(this))
    , m_pages(new QStackedWidget(this))
    , m_table(new QTableView(this))
    , m_none(shell::makeLabel({}, shell::TextRole::Body, &shell::Theme::text2, false, this))
{
    m_filter->setObjectName(QStringLiteral("runFilter"));
    m_filter->setPlaceholderText(tr("Filter by name or tag"));
    m_filter->setAccessibleName(tr("Filter runs"));
    m_filter->setClearButtonEnabled(true);
    m_filter->addAction(shell::icon(QStringLiteral("search")), QLineEdit::LeadingPosition);
    connect(m_filter, &QLineEdit::textChanged, this, [this](const QString& text) {
        m_proxy.setText(text);
        updateEmpty();
    });
    m_none->setWordWrap(true);
    m_none->setAlignment(Qt::AlignTop | Qt::AlignLeft);
    m_none->setContentsMargins(px(12), px(8), px(12), 0);
    m_none->setObjectName(QStringLiteral("noRuns"));
    buildTable();
    fitColumns();
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, px(2), 0, 0);
    column->setSpacing(px(6));
    auto* inset = new QVBoxLayout;
    inset->setContentsMargins(px(12), 0, px(12), 0);
    inset->addWidget(m_filter);
    column->addLayout(inset);
    m_pages->addWidget(m_table);
    m_pages->addWidget(m_none);
    column->addWidget(m_pages, 1);
    setBackgroundRole(QPalette::Base);
    setAutoFillBackground(true);
    buildMenu(title);
    for (const auto signal : {&QAbstractItemModel::rowsInserted, &QAbstractItemModel::rowsRemoved})
        connect(&m_model, signal, this, &RunsPanel::updateEmpty);
    connect(&m_model, &QAbstractItemModel::modelReset, this, &RunsPanel::updateEmpty);
    updateEmpty();
}

void RunsPanel::buildTable()
{
    m_table->setObjectName(QStringLiteral("runTable"));
    m_table->setAccessibleName(tr("Runs"));
    m_proxy.setSourceModel(&m_model);
    m_table->setModel(&m_proxy);
    m_table->setItemDelegateForColumn(RunTableModel::Name, new RunNameDelegate(m_table));
    m_table->setFont(shell::numberFont(shell::TextRole::Secondary));
    m_table->setSelectionBehavior(QAbstractItemView::SelectRows);
    m_table->setSelectionMode(QAbstractItemView::SingleSelection);
    m_table->setShowGrid(false);
    m_table->setWordWrap(false);
    m_table->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_table->setContextMenuPolicy(Qt::CustomContextMenu);
    m_table->verticalHeader()->hide();
    m_table->verticalHeader()->setMinimumSectionSize(px(16));
    m_table->verticalHeader()->setDefaultSectionSize(px(24));
    QHeaderView* header = m_table->horizontalHeader();
    header->setMinimumSectionSize(px(20));
    header->setFixedHeight(px(24));
    header->setSectionResizeMode(QHeaderView::Fixed);
    header->setSectionResizeMode(RunTableModel::Name, QHeaderView::Stretch);
    // The order stays the store's (newest first) until a header is clicked.
    header->setSectionsClickable(true);
    header->setSortIndicatorShown(false);
    connect(header, &QHeaderView::sectionClicked, this, [this, header](int section) {
        const bool again = m_proxy.sortColumn() == section;
        const Qt::SortOrder order = again && m_proxy.sortOrder() == Qt::AscendingOrder
            ? Qt::DescendingOrder
            : Qt::AscendingOrder;
        m_proxy.sort(section, order);
        header->setSortIndicatorShown(true);
        header->setSortIndicator(section, order);
    });
    const auto choose = [this](const QModelIndex& index) {
        if (index.isValid())
            Q_EMIT chosen(index.data(RunTableModel::RunId).toLongLong());
    };
    connect(m_table, &QTableView::clicked, this, choose);
    connect(m_table, &QTableView::activated, this, choose);
    connect(m_table, &QTableView::customContextMenuRequested, this, &RunsPanel::showContextMenu);
}

/// As wide as the table's delegate wants for the text.
int RunsPanel::cellWidth(const QString& text) const
{
    QStyleOptionViewItem item;
    item.initFrom(m_table);
    item.widget = m_table;
    item.font = m_table->font();
    item.fontMetrics = QFontMetrics(item.font);
    item.features = QStyleOptionViewItem::HasDisplay;
    item.text = text;
    return m_table->style()->sizeFromContents(QStyle::CT_ItemViewItem, &item, {}, m_table).width();
}

/// The figures' columns are as wide as their heading or their widest figure; the name has the rest.
void RunsPanel::fitColumns()
{
    QHeaderView* header = m_table->horizontalHeader();
    for (const auto& [column, widest] : {std::pair(RunTableModel::Step, QStringLiteral("60,000")),
             std::pair(RunTableModel::Loss, QStringLiteral("12.345")),
             std::pair(RunTableModel::BestValid, QStringLiteral("12.345"))}) {
        const int figure = cellWidth(widest);
        const QString heading
            = m_model.headerData(column, Qt::Horizontal, Qt::DisplayRole).toString();
        const int words = header->fontMetrics().horizontalAdvance(heading) + px(13);
        header->resizeSection(column, std::max(figure, words));
    }
}

void RunsPanel::changeEvent(QEvent* event)
{
    QWidget::changeEvent(event);
    if (event->type() == QEvent::FontChange || event->type() == QEvent::StyleChange)
        fitColumns();
}

void RunsPanel::buildMenu(shell::TitleBar& title)
{
    QToolButton* add = title.addButton(QStringLiteral("plus"), tr("New run"));
    connect(add, &QToolButton::clicked, this, &RunsPanel::newRunRequested);
    QMenu* menu = title.menu();
    connect(menu->addAction(tr("Import…")), &QAction::triggered, this, &RunsPanel::importRequested);
    connect(menu->addAction(tr("Start the demo")), &QAction::triggered, this,
        &RunsPanel::demoRequested);
    menu->addSeparator();
    connect(menu->addAction(tr("Rename…")), &QAction::triggered, this, &RunsPanel::renameSelected);
    connect(
        menu->addAction(tr("Tags…")), &QAction::triggered, this, &RunsPanel::editTagsOfSelected);
    connect(
        menu->addAction(tr("Notes…")), &QAction::triggered, this, &RunsPanel::editNotesOfSelected);
    connect(menu->addAction(tr("Delete…")), &QAction::triggered, this, &RunsPanel::deleteSelected);
    menu->addSeparator();
    connect(menu->addAction(tr("Newest first")), &QAction::triggered, this, [this] {
        m_proxy.sort(-1);
        m_table->horizontalHeader()->setSortIndicatorShown(false);
    });
}

void RunsPanel::updateEmpty()
{
    if (m_model.rowCount() == 0)
        m_none->setText(tr("No runs yet. Start the demo or import a TensorBoard folder."));
    else
        m_none->setText(tr("No run matches “%1”.").arg(m_filter->text()));
    m_pages->setCurrentIndex(m_proxy.rowCount() == 0 ? 1 : 0);
}

qint64 RunsPanel::selected() const
{
    const QModelIndexList rows = m_table->selectionModel()->selectedRows();
    return rows.isEmpty() ? 0 : rows.first().data(RunTableModel::RunId).toLongLong();
}

void RunsPanel::setFront(qint64 run)
{
    m_proxy.setFront(run);
    const int row = m_model.rowOf(run);
    if (row < 0)
        return;
    const QModelIndex index = m_proxy.mapFromSource(m_model.index(row, 0));
    if (index.isValid())
        m_table->selectRow(index.row());
}

void RunsPanel::setShortWords(bool shortWords)
{
    m_table->setColumnHidden(RunTableModel::BestValid, shortWords);
}

void RunsPanel::focusFilter()
{
    m_filter->setFocus(Qt::ShortcutFocusReason);
    m_filter->selectAll();
}

void RunsPanel::showContextMenu(const QPoint& at)
{
    const QModelIndex index = m_table->indexAt(at);
    if (!index.isValid())
        return;
    m_table->selectRow(index.row());
    const qint64 run = selected();
    auto* menu = new QMenu(this);
    menu->setAttribute(Qt::WA_DeleteOnClose);
    const auto add = [&](const QString& text, auto call) {
        connect(menu->addAction(text), &QAction::triggered, this, call);
    };
    add(tr("Open"), [this, run] { Q_EMIT chosen(run); });
    const bool shown = m_model.seriesColour(run) >= 0;
    add(shown ? tr("Take from the plots") : tr("Show in the plots"),
        [this, run] { Q_EMIT overlayToggled(run); });
    add(m_model.pinned() == run ? tr("Unpin") : tr("Pin as baseline"),
        [this, run] { Q_EMIT pinToggled(run); });
    const QString state = index.data(RunTableModel::State).toString();
    if (state == QLatin1String("stopped") || state == QLatin1String("failed")
        || state == QLatin1String("done"))
        add(tr("Resume from the last checkpoint"), [this, run] { Q_EMIT resumeRequested(run); });
    menu->addSeparator();
    add(tr("Rename…"), [this] { renameSelected(); });
    add(tr("Tags…"), [this] { editTagsOfSelected(); });
    add(tr("Notes…"), [this] { editNotesOfSelected(); });
    add(tr("Delete…"), [this] { deleteSelected(); });
    menu->popup(m_table->viewport()->mapToGlobal(at));
}

namespace {

QInputDialog* askText(
    QWidget* parent, const QString& title, const QString& label, const QString& text, bool lines)
{
    auto* dialog = new QInputDialog(parent);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setWindowTitle(title);
    dialog->setLabelText(label);
    dialog->setOption(QInputDialog::UsePlainTextEditForTextInput, lines);
    dialog->setTextValue(text);
    dialog->open();
    return dialog;
}

} // namespace

void RunsPanel::renameSelected()
{
    const telemetry::RunInfo* run = m_model.find(selected());
    if (run == nullptr)
        return;
    const qint64 id = run->id;
    connect(askText(this, tr("Rename run"), tr("Name"), QString::fromStdString(run->name), false),
        &QInputDialog::textValueSelected, this, [this, id](const QString& name) {
            if (!name.trimmed().isEmpty())
                Q_EMIT renamed(id, name.trimmed());
        });
}

void RunsPanel::editTagsOfSelected()
{
    const telemetry::RunInfo* run = m_model.find(selected());
    if (run == nullptr)
        return;
    const qint64 id = run->id;
    QStringList tags;
    for (const std::string& tag : run->tags)
        tags += QString::fromStdString(tag);
    connect(askText(this, tr("Tags"), tr("Tags, separated by commas"),
                tags.join(QLatin1String(", ")), false),
        &QInputDialog::textValueSelected, this, [this, id](const QString& text) {
            QStringList changed;
            for (const QString& tag : text.split(QLatin1Char(','), Qt::SkipEmptyParts)) {
                if (!tag.trimmed().isEmpty())
                    changed += tag.trimmed();
            }
            Q_EMIT tagsChanged(id, changed);
        });
}

void RunsPanel::editNotesOfSelected()
{
    const telemetry::RunInfo* run = m_model.find(selected());
    if (run == nullptr)
        return;
    const qint64 id = run->id;
    connect(askText(this, tr("Notes"), tr("Notes"), QString::fromStdString(run->notes), true),
        &QInputDialog::textValueSelected, this,
        [this, id](const QString& notes) { Q_EMIT notesChanged(id, notes); });
}

void RunsPanel::deleteSelected()
{
    const telemetry::RunInfo* run = m_model.find(selected());
    if (run == nullptr)
        return;
    const qint64 id = run->id;
    auto* box = new QMessageBox(QMessageBox::Warning, tr("Delete run"),
        tr("Delete the record of %1? Its %2 steps cannot be brought back; checkpoints stay.")
            .arg(QString::fromStdString(run->name), models::formatCount(run->steps)),
        QMessageBox::Cancel, this);
    box->setAttribute(Qt::WA_DeleteOnClose);
    QPushButton* remove = box->addButton(tr("Delete"), QMessageBox::DestructiveRole);
    remove->setObjectName(QStringLiteral("confirmDelete"));
    box->setDefaultButton(QMessageBox::Cancel);
    connect(remove, &QPushButton::clicked, this, [this, id] { Q_EMIT removed(id); });
    box->open();
}

} // namespace moe::training
