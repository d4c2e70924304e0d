// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/chat/open_model_dialog.h"

#include "engine/checkpoint/checkpoint.h"
#include "ui/chat/quiet_list.h"
#include "ui/models/format.h"
#include "ui/shell/machine.h"
#include "ui/shell/theme.h"

#include <QDialogButtonBox>
#include <QFileDialog>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QVBoxLayout>

#include <memory>
#include <thread>

namespace moe::chat {

using models::formatCompact;
using models::formatCount;
using shell::px;
using shell::TextRole;

QString factsOf(const session::ModelFacts& facts)
{
    if (!facts.error.isEmpty())
        return facts.error;
    const model::ModelConfig& config = facts.config;
    QStringList lines{OpenModelDialog::tr("%1, %2 parameters, %3 active a token")
                          .arg(QString::fromStdString(config.architecture),
                              formatCompact(static_cast<double>(config.parameters())),
                              formatCompact(static_cast<double>(config.activeParameters())))};
    lines += config.isMoe() ? OpenModelDialog::tr("%1 layers, %2 experts, %3 chosen a token")
                                  .arg(config.layers)
                                  .arg(config.experts)
                                  .arg(config.topK)
                            : OpenModelDialog::tr("%1 layers, dense").arg(config.layers);
    lines += config.quantMethod.empty()
        ? OpenModelDialog::tr("Weights as they were trained, context %1 tokens")
              .arg(formatCount(config.maxPositions))
        : OpenModelDialog::tr("Weights quantised as %1, context %2 tokens")
              .arg(QString::fromStdString(config.quantMethod), formatCount(config.maxPositions));
    const int64_t needed = facts.weightBytes + facts.cacheBytes;
    lines += OpenModelDialog::tr("Memory: %1 GB weights and %2 GB KV cache of %3 GB that are free")
                 .arg(shell::gigabytes(facts.weightBytes), shell::gigabytes(facts.cacheBytes),
                     shell::gigabytes(facts.freeBytes));
    if (!facts.fitsBeside)
        lines += OpenModelDialog::tr("The weights do not fit beside the open model: choose a "
                                     "smaller or a quantised one, or close programs");
    else if (facts.freeBytes > 0 && needed > facts.freeBytes)
        lines += facts.weightBytes > facts.freeBytes
            ? OpenModelDialog::tr("The weights do not fit: quantise the model, or close programs")
            : OpenModelDialog::tr("A whole context does not fit: it is opened with a shorter one");
    if (const int64_t step = checkpoint::stepOf(facts.folder); step >= 0)
        lines += OpenModelDialog::tr("Checkpoint of step %1").arg(formatCount(step));
    lines += OpenModelDialog::tr("Runs on: CPU");
    return lines.join(QLatin1Char('\n'));
}

OpenModelDialog::OpenModelDialog(const QStringList& recent, const std::filesystem::path& store,
    QWidget* parent, std::filesystem::path beside)
    : QDialog(parent)
    , m_list(new QuietList(this))
    , m_folder(new QLineEdit(this))
    , m_facts(shell::makeLabel({}, TextRole::Secondary, &shell::Theme::text2, false, this))
    , m_beside(std::move(beside))
{
    setObjectName(QStringLiteral("openModelDialog"));
    setWindowTitle(!m_beside.empty() ? tr("Compare with another model") : tr("Open a model"));
    setAttribute(Qt::WA_DeleteOnClose);
    resize(px(620), px(420));
    m_folder->setObjectName(QStringLiteral("modelFolder"));
    m_folder->setAccessibleName(tr("Folder"));
    m_folder->setPlaceholderText(tr("Folder with config.json and model*.safetensors"));
    m_list->setObjectName(QStringLiteral("modelList"));
    m_list->setAccessibleName(tr("Recent models and checkpoints of runs"));
    m_facts->setObjectName(QStringLiteral("modelFacts"));
    m_facts->setWordWrap(true);
    m_facts->setMinimumHeight(px(120));
    m_facts->setAlignment(Qt::AlignTop | Qt::AlignLeft);
    auto* browse = new QPushButton(tr("Browse…"), this);
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Cancel, this);
    m_open = buttons->addButton(tr("Open"), QDialogButtonBox::AcceptRole);
    m_open->setObjectName(QStringLiteral("openModel"));
    m_open->setDefault(true);
    m_open->setEnabled(false);
    auto* row = new QHBoxLayout;
    row->addWidget(m_folder, 1);
    row->addWidget(browse);
    auto* column = new QVBoxLayout(this);
    column->setSpacing(px(8));
    column->addLayout(row);
    column->addWidget(m_list, 1);
    column->addWidget(m_facts);
    column->addWidget(buttons);
    for (const QString& folder : recent)
        addEntry(folder, folder);
    connect(m_list, &QListWidget::currentItemChanged, this, &OpenModelDialog::take);
    connect(m_list, &QListWidget::itemClicked, this, &OpenModelDialog::take); // again, too
    connect(m_list, &QListWidget::itemActivated, m_open, &QPushButton::click);
    connect(m_folder, &QLineEdit::textChanged, this, &OpenModelDialog::choose);
    connect(browse, &QPushButton::clicked, this, [this] {
        auto* dialog = new QFileDialog(this, tr("Open a model"), m_folder->text());
        dialog->setAttribute(Qt::WA_DeleteOnClose);
        dialog->setFileMode(QFileDialog::Directory);
        connect(dialog, &QFileDialog::fileSelected, m_folder, &QLineEdit::setText);
        dialog->open();
    });
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    connect(buttons, &QDialogButtonBox::accepted, this, [this] {
        Q_EMIT folderChosen(m_folder->text());
        accept();
    });
    m_folder->setFocus(); // which model is opened is said, not guessed
    readCheckpoints(store);
}

void OpenModelDialog::addEntry(const QString& text, const QString& folder)
{
    auto* item = new QListWidgetItem(text, m_list);
    item->setData(Qt::UserRole, folder);
    item->setToolTip(folder);
}

void OpenModelDialog::take(const QListWidgetItem* item)
{
    if (item != nullptr)
        m_folder->setText(item->data(Qt::UserRole).toString());
}

void OpenModelDialog::readCheckpoints(const std::filesystem::path& store)
{
    const auto found = std::make_shared<std::vector<session::RunCheckpoint>>();
    shell::runAside(
        this,
        [store, found] {
            *found = session::runCheckpoints(store);
            return QString();
        },
        [this, found](const QString&) {
            for (const session::RunCheckpoint& checkpoint : *found)
                addEntry(tr("Run %1, checkpoint of step %2")
                             .arg(checkpoint.run, formatCount(checkpoint.step)),
                    QString::fromStdString(checkpoint.folder.string()));
        });
}

void OpenModelDialog::choose(const QString& folder)
{
    m_open->setEnabled(false);
    const quint64 question = ++m_asked;
    const auto facts = std::make_shared<session::ModelFacts>();
    shell::runAside(
        this,
        [facts, path = folder.toStdString(), beside = m_beside] {
            *facts = session::readModelFacts(path, beside);
            return QString();
        },
        [this, facts, question](const QString&) {
            if (question == m_asked)
                showFacts(*facts);
        });
}

void OpenModelDialog::showFacts(const session::ModelFacts& facts)
{
    m_facts->setText(factsOf(facts));
    const bool good = facts.error.isEmpty() && facts.fitsBeside;
    shell::setTextColor(m_facts, good ? &shell::Theme::text2 : &shell::Theme::error);
    m_open->setEnabled(good);
}

} // namespace moe::chat
