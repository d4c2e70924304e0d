// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/start_page.h"

#include "ui/shell/start_parts.h"
#include "ui/shell/theme.h"

#include <QGridLayout>
#include <QHeaderView>
#include <QKeyEvent>
#include <QLabel>
#include <QLineEdit>
#include <QLocale>
#include <QResizeEvent>
#include <QSortFilterProxyModel>
#include <QTableView>
#include <QVBoxLayout>

#include <algorithm>

namespace moe::shell {

namespace {

constexpr int kNarrow = 1400; ///< below: two columns
constexpr int kBlock = 1360; ///< the block's greatest width

QVBoxLayout* bareColumn(QWidget* widget, int spacing)
{
    auto* column = new QVBoxLayout(widget);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(spacing);
    return column;
}

QLabel* heading(const QString& text, QWidget* parent)
{
    QLabel* label = makeLabel(text, TextRole::Section, &Theme::text, true, parent);
    label->setFixedHeight(px(22));
    return label;
}

} // namespace

StartPage::StartPage(const ActionRegistry& actions, QWidget* parent)
    : QScrollArea(parent)
    , m_actions(actions)
    , m_model(new RecentModel(this))
    , m_filtered(new QSortFilterProxyModel(this))
{
    setObjectName(QStringLiteral("startPage"));
    setFrameShape(QFrame::NoFrame);
    setWidgetResizable(true);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_filtered->setSourceModel(m_model);
    m_filtered->setFilterKeyColumn(-1);
    m_filtered->setFilterCaseSensitivity(Qt::CaseInsensitive);

    auto* page = new QWidget(this);
    page->setAutoFillBackground(true);
    page->setBackgroundRole(QPalette::Base);
    m_page = new QVBoxLayout(page);
    m_block = new QWidget(page);
    auto* block = bareColumn(m_block, 0);
    // rows of Begin stand 12 px left of their text, so that hovering has room
    for (QLabel* line :
        {makeLabel(QStringLiteral("MoE Workbench"), TextRole::Title, &Theme::text, true, m_block),
            makeLabel(tr("Train sparse mixture-of-experts models, run them in FP8, plan how they "
                         "are laid out on devices."),
                TextRole::Chat, &Theme::text2, false, m_block)}) {
        line->setContentsMargins(px(12), 0, 0, 0);
        block->addWidget(line);
    }
    block->addSpacing(px(46));
    m_left = makeBegin();
    m_middle = makeRecent();
    m_right = new QWidget(m_block);
    bareColumn(m_right, px(24));
    m_machineColumn = makeMachine();
    m_keys = makeKeys();
    m_columns = new QGridLayout;
    m_columns->setContentsMargins(0, 0, 0, 0);
    m_columns->setHorizontalSpacing(px(40));
    m_columns->setVerticalSpacing(px(20));
    block->addLayout(m_columns);
    m_page->addWidget(m_block);
    m_page->addStretch(1);
    setWidget(page);
    showRecent();
    arrange();
}

QWidget* StartPage::makeBegin()
{
    auto* column = new QWidget(m_block);
    m_begin = bareColumn(column, 0);
    QLabel* title = heading(tr("Begin"), column);
    title->setContentsMargins(px(12), 0, 0, 0);
    m_begin->addWidget(title);
    m_begin->addSpacing(px(11));
    column->setFixedWidth(px(336));
    return column;
}

void StartPage::setBegin(const QList<Begin>& rows)
{
    for (const Begin& row : rows) {
        if (QAction* action = m_actions.find(row.actionId))
            m_begin->addWidget(new BeginRow(action, row.icon, row.title, row.detail, m_left));
    }
}

QWidget* StartPage::makeRecent()
{
    auto* column = new QWidget(m_block);
    column->setMinimumWidth(px(480));
    auto* rows = bareColumn(column, 0);
    rows->addWidget(heading(tr("Recent"), column));
    rows->addSpacing(px(10));
    m_filter = new QLineEdit(column);
    m_filter->setObjectName(QStringLiteral("recentFilter"));
    m_filter->setPlaceholderText(tr("Filter runs, models, conversations and plans"));
    m_filter->setAccessibleName(m_filter->placeholderText());
    m_filter->setClearButtonEnabled(true);
    m_filter->addAction(icon(QStringLiteral("search")), QLineEdit::LeadingPosition);
    rows->addWidget(m_filter);
    rows->addSpacing(px(4));

    m_table = new QTableView(column);
    m_table->setObjectName(QStringLiteral("recentTable"));
    m_table->setAccessibleName(tr("Recent"));
    m_table->setModel(m_filtered);
    m_table->setFont(numberFont(TextRole::Secondary));
    m_table->setShowGrid(false);
    m_table->setSelectionBehavior(QAbstractItemView::SelectRows);
    m_table->setSelectionMode(QAbstractItemView::SingleSelection);
    m_table->setEditTriggers(QAbstractItemView::NoEditTriggers);
    m_table->setTabKeyNavigation(false);
    m_table->setWordWrap(false);
    m_table->setIconSize(QSize(px(14), px(14)));
    m_table->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_table->verticalHeader()->hide();
    m_table->verticalHeader()->setDefaultSectionSize(px(24));
    m_table->horizontalHeader()->setSectionsClickable(false);
    m_table->horizontalHeader()->setMinimumSectionSize(px(40));
    m_table->horizontalHeader()->setSectionResizeMode(QHeaderView::Fixed);
    m_table->installEventFilter(this);
    m_filter->installEventFilter(this);
    rows->addWidget(m_table);

    m_empty = makeLabel({}, TextRole::Body, &Theme::text2, false, column);
    m_empty->setObjectName(QStringLiteral("recentEmpty"));
    m_empty->setWordWrap(true);
    m_empty->setContentsMargins(px(8), px(8), px(8), 0);
    rows->addWidget(m_empty);
    m_allRuns = new LinkButton(column);
    m_allRuns->setObjectName(QStringLiteral("allRuns"));
    rows->addSpacing(px(2));
    rows->addWidget(m_allRuns);
    rows->addStretch(1);

    connect(m_filter, &QLineEdit::textChanged, this, [this](const QString& text) {
        m_filtered->setFilterFixedString(text);
        showRecent();
    });
    connect(m_table, &QTableView::clicked, this, [this](const QModelIndex& index) {
        m_model->activate(m_filtered->mapToSource(index).row());
    });
    connect(m_allRuns, &LinkButton::clicked, this, &StartPage::allRunsWanted);
    return column;
}

QWidget* StartPage::makeMachine()
{
    auto* column = new QWidget(m_block);
    auto* rows = bareColumn(column, px(8));
    rows->addWidget(heading(tr("This machine"), column));
    m_machine = new MachinePanel(column);
    rows->addWidget(m_machine);
    return column;
}

QWidget* StartPage::makeKeys()
{
    auto* column = new QWidget(m_block);
    auto* rows = bareColumn(column, 0);
    rows->addWidget(heading(tr("Keys"), column));
    rows->addSpacing(px(6));
    const auto keyOf = [this](const char* id) {
        const QAction* action = m_actions.find(QLatin1String(id));
        return action ? action->shortcut().toString(QKeySequence::NativeText) : QString();
    };
    const auto row = [&](const QString& what, const QString& key) {
        if (key.isEmpty())
            return;
        auto* line = new QHBoxLayout;
        QLabel* left = makeLabel(what, TextRole::Body, &Theme::text2, false, column);
        left->setFixedHeight(px(24));
        line->addWidget(left, 1);
        line->addWidget(makeLabel(key, TextRole::Caption, &Theme::text3, false, column));
        rows->addLayout(line);
    };
    row(tr("Find any action"), keyOf("edit.palette"));
    row(tr("All shortcuts"), keyOf("help.shortcuts"));
    row(tr("Workspaces"),
        tr("%1 to %2", "first and last key").arg(keyOf("view.start"), keyOf("view.partition")));
    row(tr("Pause updates"),
        QKeySequence(Qt::CTRL | Qt::Key_Space).toString(QKeySequence::NativeText));
    row(tr("Log"), keyOf("view.log"));
    return column;
}

void StartPage::addRecentSource(RecentSource* source)
{
    m_sources.append(source);
    connect(source, &RecentSource::changed, this, &StartPage::showRecent);
    showRecent();
}

void StartPage::showRecent()
{
    const QString selected = m_table->currentIndex().siblingAtColumn(0).data().toString();
    QList<RecentItem> items;
    int runs = 0;
    for (const auto& source : m_sources) {
        if (!source)
            continue;
        items += source->items();
        runs += source->allRuns();
    }
    std::stable_sort(items.begin(), items.end(),
        [](const RecentItem& a, const RecentItem& b) { return a.opened > b.opened; });
    const auto live = std::find_if(items.begin(), items.end(),
        [](const RecentItem& item) { return item.stateTone == RecentItem::Tone::Live; });
    Q_EMIT liveRunChanged(
        live == items.end() ? QString() : live->name + QStringLiteral(", ") + live->state);
    m_model->setItems(items);
    const bool nothing = m_filtered->rowCount() == 0;
    m_empty->setText(m_model->rowCount() == 0
            ? tr("No runs yet. Start the demo or import a TensorBoard folder.")
            : tr("Nothing here has these words. Clear the filter to see all."));
    m_empty->setVisible(nothing);
    m_table->setVisible(!nothing);
    setFocusProxy(nothing ? nullptr : m_table); // Enter opens the newest at once
    m_allRuns->setText(tr("All runs (%1)").arg(QLocale().toString(runs)));
    m_allRuns->setAccessibleName(m_allRuns->text());
    m_allRuns->updateGeometry();
    m_allRuns->setVisible(runs > 0);
    if (!nothing) {
        int row = 0;
        for (int i = 0; i < m_filtered->rowCount(); ++i) {
            if (m_filtered->index(i, 0).data().toString() == selected)
                row = i;
        }
        m_table->setCurrentIndex(m_filtered->index(row, 0));
    }
    fitRecent();
}

/// As high as its rows (at most twelve), each column as the picture has it: the name takes what it
/// needs, the state what it needs, the rest is What's.
void StartPage::fitRecent()
{
    const int rows = std::min(12, m_filtered->rowCount());
    m_table->setFixedHeight(m_table->horizontalHeader()->sizeHint().height() + rows * px(24) + 1);
    const int width = m_middle->width();
    const int opened = px(84);
    const int state = std::clamp(width / 4, px(110), px(200));
    const int name = std::clamp(width / 4, px(120), px(240));
    m_table->setColumnWidth(RecentModel::Name, name);
    m_table->setColumnWidth(RecentModel::State, state);
    m_table->setColumnWidth(RecentModel::Opened, opened);
    m_table->setColumnWidth(RecentModel::What, std::max(px(80), width - opened - state - name));
}

void StartPage::resizeEvent(QResizeEvent* event)
{
    QScrollArea::resizeEvent(event);
    arrange();
}

void StartPage::arrange()
{
    const int width = viewport()->width();
    const bool narrow = width < px(kNarrow);
    const int margin = std::max(px(24), std::min(width / 8, (width - px(kBlock)) / 2));
    const bool low = viewport()->height() < px(800);
    m_page->setContentsMargins(margin - px(12), low ? px(20) : px(63), 0, px(16));
    m_block->setFixedWidth(std::min(px(kBlock), width - 2 * margin) + px(12));
    for (QWidget* widget : {m_left, m_middle, m_right})
        m_columns->removeWidget(widget);
    auto* right = qobject_cast<QVBoxLayout*>(m_right->layout());
    right->removeWidget(m_machineColumn);
    right->removeWidget(m_keys);
    right->addWidget(m_machineColumn);
    right->addWidget(m_keys);
    m_block->layout()->itemAt(2)->spacerItem()->changeSize(0, px(low ? 24 : 46));
    m_columns->addWidget(m_left, 0, 0, Qt::AlignTop);
    m_columns->addWidget(m_middle, 0, 1, narrow ? 2 : 1, 1);
    m_columns->addWidget(m_right, narrow ? 1 : 0, narrow ? 0 : 2, Qt::AlignTop);
    m_right->setFixedWidth(px(narrow ? 324 : 320));
    m_right->setContentsMargins(narrow ? px(12) : 0, 0, 0, 0);
    m_columns->setColumnStretch(1, 1);
    m_columns->setRowStretch(1, 1);
    m_block->layout()->invalidate();
    m_block->layout()->activate();
    fitRecent();
}

bool StartPage::eventFilter(QObject* watched, QEvent* event)
{
    if (event->type() != QEvent::KeyPress)
        return QScrollArea::eventFilter(watched, event);
    const int key = static_cast<QKeyEvent*>(event)->key();
    const bool enter = key == Qt::Key_Return || key == Qt::Key_Enter;
    if (enter && (watched == m_table || watched == m_filter)) {
        m_model->activate(m_filtered->mapToSource(m_table->currentIndex()).row());
        return true;
    }
    if (watched == m_filter && key == Qt::Key_Down && m_table->isVisible()) {
        m_table->setFocus();
        return true;
    }
    return QScrollArea::eventFilter(watched, event);
}

} // namespace moe::shell
