// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/chat/facts_panel.h"

#include "ui/chat/architecture.h"
#include "ui/chat/code_block.h"
#include "ui/chat/plain_table.h"
#include "ui/chat/prompt_page.h"
#include "ui/models/tensor_table_model.h"
#include "ui/shell/machine.h"
#include "ui/shell/segments.h"
#include "ui/shell/theme.h"

#include <QButtonGroup>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QStackedWidget>
#include <QStandardItemModel>
#include <QTableView>
#include <QVBoxLayout>

#include <memory>

namespace moe::chat {

using models::TensorTableModel;
using shell::px;
using shell::TextRole;

namespace {

/// A table whose cells' text stands in line with what is above it.
QHBoxLayout* besideText(QWidget* table)
{
    auto* row = new QHBoxLayout;
    row->setContentsMargins(px(6), 0, px(6), 0);
    row->addWidget(table);
    return row;
}

} // namespace

FactsPanel::FactsPanel(QWidget* parent)
    : QWidget(parent)
    , m_tabs(new QButtonGroup(this))
    , m_pages(new QStackedWidget(this))
    , m_facts(new QStandardItemModel(0, 2, this))
    , m_factsTable(makePlainTable("modelFactsTable", tr("Facts of the model"), m_facts, this))
    , m_tensors(new TensorTableModel(this))
    , m_filter(new models::TensorFilter(*m_tensors, this))
    , m_tensorTable(makePlainTable("tensorTable", tr("Tensors"), m_filter, this))
    , m_sum(shell::makeLabel({}, TextRole::Secondary, &shell::Theme::text2, false, this))
    , m_prompt(new PromptPage(this))
    , m_template(new QPlainTextEdit(this))
{
    auto* row = new QHBoxLayout;
    row->setContentsMargins(px(12), px(2), px(12), px(6));
    row->setSpacing(0);
    const QStringList names{tr("Model"), tr("Tensors"), tr("Prompt"), tr("Template")};
    QList<QPushButton*> buttons;
    for (int i = 0; i < names.size(); ++i) {
        auto* button = new QPushButton(names[i], this);
        button->setCheckable(true);
        button->setObjectName(QStringLiteral("facts%1").arg(i));
        m_tabs->addButton(button, i);
        row->addWidget(button);
        buttons += button;
    }
    shell::makeSegments(buttons);
    row->addStretch(1);
    m_tabs->button(0)->setChecked(true);
    setFocusProxy(m_tabs->button(0));
    connect(m_tabs, &QButtonGroup::idClicked, m_pages, &QStackedWidget::setCurrentIndex);
    m_factsTable->setWordWrap(true);
    m_factsTable->horizontalHeader()->hide();
    m_factsTable->horizontalHeader()->setSectionResizeMode(0, QHeaderView::ResizeToContents);
    m_factsTable->horizontalHeader()->setStretchLastSection(true);
    m_factsTable->verticalHeader()->setSectionResizeMode(QHeaderView::ResizeToContents);
    m_template->setObjectName(QStringLiteral("chatTemplate"));
    m_template->setAccessibleName(tr("Chat template"));
    m_template->setReadOnly(true);
    m_template->setFrameShape(QFrame::NoFrame);
    m_template->setFont(codeFont());
    m_template->document()->setDocumentMargin(px(12));
    auto* facts = new QWidget(this);
    facts->setLayout(besideText(m_factsTable));
    for (QWidget* page :
        {facts, makeTensors(), static_cast<QWidget*>(m_prompt), static_cast<QWidget*>(m_template)})
        m_pages->addWidget(page);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addLayout(row);
    column->addWidget(m_pages, 1);
    setBackgroundRole(QPalette::Base);
    setAutoFillBackground(true);
    connect(&shell::ThemeSource::instance(), &shell::ThemeSource::changed, this, [this] {
        for (int fact = 0; fact < m_facts->rowCount(); ++fact)
            m_facts->item(fact)->setForeground(shell::theme().text2);
    });
    setModel(nullptr, {});
}

QWidget* FactsPanel::makeTensors()
{
    auto* page = new QWidget(this);
    auto* words = new QLineEdit(page);
    words->setObjectName(QStringLiteral("tensorFilter"));
    words->setPlaceholderText(tr("Filter by name, shape or dtype"));
    words->setAccessibleName(words->placeholderText());
    words->setClearButtonEnabled(true);
    words->addAction(shell::icon(QStringLiteral("search")), QLineEdit::LeadingPosition);
    m_tensorTable->setSortingEnabled(true);
    m_tensorTable->sortByColumn(TensorTableModel::Name, Qt::AscendingOrder);
    QHeaderView* header = m_tensorTable->horizontalHeader();
    header->setSectionResizeMode(QHeaderView::Interactive);
    header->setSectionResizeMode(TensorTableModel::Name, QHeaderView::Stretch);
    m_tensorTable->setTextElideMode(Qt::ElideLeft); // names differ at their ends
    header->resizeSection(TensorTableModel::Shape, px(88));
    header->resizeSection(TensorTableModel::Dtype, px(48));
    header->resizeSection(TensorTableModel::Size, px(64));
    m_sum->setObjectName(QStringLiteral("tensorSum"));
    m_sum->setWordWrap(true);
    m_sum->setContentsMargins(px(12), px(4), px(12), px(6));
    connect(words, &QLineEdit::textChanged, this, [this](const QString& text) {
        m_filter->setWords(text);
        showSum();
    });
    auto* inset = new QVBoxLayout;
    inset->setContentsMargins(px(12), 0, px(12), px(4));
    inset->addWidget(words);
    auto* column = new QVBoxLayout(page);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addLayout(inset);
    column->addLayout(besideText(m_tensorTable), 1);
    column->addWidget(m_sum);
    return page;
}

void FactsPanel::setModel(const infer::OpenedModel* model, const std::filesystem::path& folder)
{
    ++m_asked;
    m_facts->removeRows(0, m_facts->rowCount());
    m_tensors->setTensors({});
    m_template->clear();
    if (model == nullptr) {
        const QString none = tr("No model is open.");
        addFact(none, {});
        m_sum->setText(none);
        m_prompt->setNone(none);
        m_template->setPlainText(none);
        return;
    }
    for (const auto& [what, value] : architectureOf(*model))
        addFact(what, value);
    addFact(tr("Folder"), QString::fromStdString(folder.string()));
    m_template->setPlainText(model->chat().chatTemplate
            ? QString::fromStdString(model->chat().templateSource)
            : tr("The model has no chat template: its messages are joined by newlines."));
    m_sum->setText(tr("Reading…"));
    readTensors(folder);
}

void FactsPanel::addFact(const QString& what, const QString& value)
{
    auto* name = new QStandardItem(what);
    name->setForeground(shell::theme().text2);
    auto* said = new QStandardItem(value);
    said->setToolTip(value);
    m_facts->appendRow({name, said});
}

void FactsPanel::readTensors(const std::filesystem::path& folder)
{
    const auto list = std::make_shared<session::TensorList>();
    shell::runAside(
        this,
        [list, folder] {
            *list = session::readTensors(folder);
            return QString();
        },
        [this, list, question = m_asked](const QString&) {
            if (question != m_asked)
                return;
            m_tensors->setTensors(std::move(list->tensors));
            showSum();
            if (!list->error.isEmpty())
                m_sum->setText(list->error);
        });
}

void FactsPanel::showSum()
{
    m_sum->setText(m_filter->sum());
}

void FactsPanel::showPage(Page page)
{
    m_tabs->button(static_cast<int>(page))->setChecked(true);
    m_pages->setCurrentIndex(static_cast<int>(page));
}

} // namespace moe::chat
