// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/log_dock.h"

#include "ui/shell/table_copy.h"
#include "ui/shell/theme.h"

#include <QAction>
#include <QComboBox>
#include <QFileDialog>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QSaveFile>
#include <QScrollBar>
#include <QTableView>
#include <QToolButton>

namespace moe::shell {

void LogFilter::setLeast(base::LogLevel level)
{
    m_least = level;
    invalidateFilter();
}

void LogFilter::setText(const QString& text)
{
    m_text = text;
    invalidateFilter();
}

bool LogFilter::filterAcceptsRow(int row, const QModelIndex& parent) const
{
    const QModelIndex cell = sourceModel()->index(row, LogModel::Text, parent);
    return cell.data(LogModel::LevelRole).toInt() >= static_cast<int>(m_least)
        && (m_text.isEmpty() || cell.data().toString().contains(m_text, Qt::CaseInsensitive));
}

LogDock::LogDock(LogModel& model, QWidget* parent)
    : QDockWidget(tr("Log"), parent)
    , m_model(model)
    , m_filter(new LogFilter(this))
    , m_table(new QTableView(this))
{
    setObjectName(QStringLiteral("logDock"));
    m_filter->setSourceModel(&model);
    m_table->setObjectName(QStringLiteral("logTable"));
    m_table->setAccessibleName(tr("Log"));
    m_table->setModel(m_filter);
    m_table->setFont(shell::font(TextRole::Secondary));
    m_table->setShowGrid(false);
    m_table->setWordWrap(false);
    m_table->setSelectionBehavior(QAbstractItemView::SelectRows);
    m_table->setMinimumHeight(px(96));
    m_table->verticalHeader()->hide();
    m_table->verticalHeader()->setDefaultSectionSize(px(21));
    m_table->horizontalHeader()->setStretchLastSection(true);
    m_table->setColumnWidth(LogModel::Time, px(100));
    m_table->setColumnWidth(LogModel::Level, px(76));
    setTitleBarWidget(makeTitleBar());
    setWidget(m_table);
    // new lines are followed only while the end is in sight
    connect(m_filter, &QAbstractItemModel::rowsAboutToBeInserted, this, [this] {
        const QScrollBar* bar = m_table->verticalScrollBar();
        if (bar->value() == bar->maximum())
            QMetaObject::invokeMethod(m_table, &QTableView::scrollToBottom, Qt::QueuedConnection);
    });
}

QWidget* LogDock::makeTitleBar()
{
    auto* bar = new QWidget(this);
    bar->setAutoFillBackground(true);
    bar->setBackgroundRole(QPalette::Base);
    auto* level = new QComboBox(bar);
    makeSmall(level);
    level->setAccessibleName(tr("Least level shown"));
    for (const auto each : {base::LogLevel::Debug, base::LogLevel::Info, base::LogLevel::Warning,
             base::LogLevel::Error})
        level->addItem(LogModel::levelName(each), static_cast<int>(each));
    level->setCurrentIndex(static_cast<int>(base::LogLevel::Info));
    connect(level, &QComboBox::currentIndexChanged, this, [this, level] {
        m_filter->setLeast(static_cast<base::LogLevel>(level->currentData().toInt()));
    });
    auto* text = new QLineEdit(bar);
    makeSmall(text);
    text->setPlaceholderText(tr("Filter the log"));
    text->setAccessibleName(text->placeholderText());
    text->setClearButtonEnabled(true);
    text->setFixedWidth(px(220));
    text->addAction(icon(QStringLiteral("search")), QLineEdit::LeadingPosition);
    connect(text, &QLineEdit::textChanged, m_filter, &LogFilter::setText);

    auto* copy = makeIconButton(QStringLiteral("copy"), tr("Copy the selected lines"), bar);
    connect(copy, &QToolButton::clicked, this, [this] {
        if (!copySelection(m_table)) {
            m_table->selectAll();
            copySelection(m_table);
        }
    });
    auto* save = makeIconButton(QStringLiteral("save"), tr("Save the log…"), bar);
    connect(save, &QToolButton::clicked, this, &LogDock::saveAs);
    auto* close = makeIconButton(QStringLiteral("close"), tr("Close the log"), bar);
    connect(close, &QToolButton::clicked, this, &QDockWidget::close);

    auto* row = new QHBoxLayout(bar);
    row->setContentsMargins(px(12), px(2), px(8), px(2));
    row->setSpacing(px(8));
    row->addWidget(makeLabel(tr("Log"), TextRole::Body, &Theme::text, true, bar));
    row->addSpacing(px(8));
    row->addWidget(level);
    row->addWidget(text);
    row->addStretch(1);
    row->addWidget(copy);
    row->addWidget(save);
    row->addWidget(close);
    return bar;
}

bool LogDock::saveTo(const QString& path, QString* problem) const
{
    QSaveFile file(path);
    bool ok = file.open(QIODevice::WriteOnly | QIODevice::Text);
    for (int row = 0; ok && row < m_filter->rowCount(); ++row) {
        const QModelIndex source = m_filter->mapToSource(m_filter->index(row, LogModel::Text));
        ok = file.write(m_model.plainText(source).toUtf8() + '\n') >= 0;
    }
    ok = ok && file.commit();
    if (!ok && problem)
        *problem = file.errorString();
    return ok;
}

void LogDock::saveAs()
{
    const QString path = QFileDialog::getSaveFileName(
        this, tr("Save the log"), QStringLiteral("moe-workbench.log"));
    if (path.isEmpty())
        return;
    QString problem;
    if (saveTo(path, &problem))
        Q_EMIT saved(path);
    else
        Q_EMIT saveFailed(tr("The log was not saved to %1: %2.").arg(path, problem));
}

} // namespace moe::shell
