// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/training/new_run_panel.h"

#include "engine/train/trainer.h"
#include "ui/shell/theme.h"

#include <QComboBox>
#include <QDir>
#include <QFileDialog>
#include <QFontDatabase>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPainter>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QScrollArea>
#include <QSplitter>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>

namespace moe::training {

using shell::makeLabel;
using shell::px;
using shell::TextRole;
using shell::Theme;

namespace {

constexpr int kCheckDelay = 150; ///< milliseconds after the last key

/// A form row with a 3 px error bar at its left while something is wrong in it.
class FormRow : public QWidget {
public:
    using QWidget::QWidget;
    void setWrong(bool wrong)
    {
        m_wrong = wrong;
        update();
    }

protected:
    void paintEvent(QPaintEvent*) override
    {
        if (m_wrong)
            QPainter(this).fillRect(0, 0, px(3), height(), shell::theme().error);
    }

private:
    bool m_wrong = false;
};

QString text(const std::string& from)
{
    return QString::fromStdString(from);
}

bool isText(const train::RunFileKey& key)
{
    return key.type == "text" || key.type == "path" || key.type.starts_with("choice");
}

} // namespace

NewRunPanel::NewRunPanel(QWidget* parent)
    : QWidget(parent)
    , m_preset(new QComboBox(this))
    , m_json(new QPlainTextEdit(this))
    , m_verdict(makeLabel({}, TextRole::Body, &Theme::text2, false, this))
    , m_start(new QPushButton(tr("Start"), this))
{
    setObjectName(QStringLiteral("newRunPanel"));
    setBackgroundRole(QPalette::Base);
    setAutoFillBackground(true);
    auto* scroll = new QScrollArea(this);
    scroll->setWidgetResizable(true);
    scroll->setFrameShape(QFrame::NoFrame);
    auto* inner = new QWidget(scroll);
    inner->setBackgroundRole(QPalette::Base);
    inner->setAutoFillBackground(true);
    auto* form = new QVBoxLayout(inner);
    form->setContentsMargins(px(12), px(8), px(12), px(12));
    form->setSpacing(px(6));
    buildForm(form);
    scroll->setWidget(inner);
    m_json->setObjectName(QStringLiteral("runFileText"));
    m_json->setReadOnly(true);
    m_json->setFont(QFontDatabase::systemFont(QFontDatabase::FixedFont));
    m_json->setAccessibleName(tr("The run file"));
    auto* split = new QSplitter(Qt::Horizontal, this);
    split->setChildrenCollapsible(false);
    split->addWidget(scroll);
    split->addWidget(m_json);
    split->setSizes({px(560), px(360)});
    m_verdict->setObjectName(QStringLiteral("newRunVerdict"));
    m_verdict->setWordWrap(true);
    m_start->setObjectName(QStringLiteral("startRun"));
    shell::makePrimary(m_start);
    auto* foot = new QHBoxLayout;
    foot->setContentsMargins(px(12), px(8), px(12), px(8));
    foot->addWidget(m_verdict, 1);
    foot->addWidget(m_start);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(split, 1);
    column->addLayout(foot);

    m_delay.setSingleShot(true);
    m_delay.setInterval(kCheckDelay);
    connect(&m_delay, &QTimer::timeout, this, &NewRunPanel::check);
    connect(&m_check, &session::RunFileCheck::checked, this, &NewRunPanel::show);
    connect(m_start, &QPushButton::clicked, this, [this] {
        if (m_file)
            Q_EMIT startRequested(m_file);
    });
    updateStart();
}

void NewRunPanel::buildForm(QVBoxLayout* form)
{
    auto* model = new FormRow(this);
    auto* row = new QGridLayout(model);
    row->setContentsMargins(px(10), px(2), 0, px(2));
    row->setColumnMinimumWidth(0, px(170));
    row->setColumnStretch(1, 1);
    m_preset->setObjectName(QStringLiteral("presetBox"));
    m_preset->setAccessibleName(tr("Model preset"));
    for (const std::string& name : train::modelPresets())
        m_preset->addItem(text(name), text(name));
    m_preset->addItem(tr("From a config.json"), QString());
    row->addWidget(makeLabel(tr("Model preset"), TextRole::Body, &Theme::text, false, model), 0, 0);
    row->addWidget(m_preset, 0, 1);
    form->addWidget(model);
    for (const train::RunFileKey& key : train::runFileKeys()) {
        // One field sets the whole coefficient; its parts need none of their own.
        if (key.key.starts_with("moe.aux_coeff."))
            continue;
        m_fields.push_back(makeField(key));
        form->addWidget(m_fields.back().row);
    }
    form->addStretch(1);
    const auto updateModel = [this] {
        for (const Field& field : m_fields) {
            if (field.key.key == "model")
                field.row->setVisible(m_preset->currentData().toString().isEmpty());
        }
        m_delay.start();
    };
    connect(m_preset, &QComboBox::currentIndexChanged, this, updateModel);
    updateModel();
}

NewRunPanel::Field NewRunPanel::makeField(const train::RunFileKey& key)
{
    auto* row = new FormRow(this);
    auto* grid = new QGridLayout(row);
    grid->setContentsMargins(px(10), px(2), 0, px(2));
    grid->setHorizontalSpacing(px(8));
    grid->setVerticalSpacing(px(1));
    grid->setColumnMinimumWidth(0, px(170));
    grid->setColumnStretch(1, 1);
    QWidget* editor = makeEditor(key, row);
    editor->setObjectName(QStringLiteral("key_") + text(key.key));
    editor->setAccessibleName(text(key.key));
    editor->setAccessibleDescription(text(key.meaning));
    editor->setToolTip(text(key.meaning));
    auto* name = makeLabel(text(key.key), TextRole::Body, &Theme::text, false, row);
    name->setBuddy(editor);
    grid->addWidget(name, 0, 0);
    grid->addWidget(editor, 0, 1);
    if (key.type == "path") {
        auto* browse = shell::makeIconButton(QStringLiteral("folder"), tr("Choose…"), row);
        grid->addWidget(browse, 0, 2);
        connect(browse, &QToolButton::clicked, this, [this, editor] {
            auto* dialog = new QFileDialog(this, tr("Choose a corpus or folder"));
            dialog->setAttribute(Qt::WA_DeleteOnClose);
            connect(dialog, &QFileDialog::fileSelected, this, [editor](QString path) {
                // A corpus is named by its prefix.
                for (const char* suffix : {".bin", ".idx"}) {
                    if (path.endsWith(QLatin1String(suffix)))
                        path.chop(4);
                }
                qobject_cast<QLineEdit*>(editor)->setText(path);
            });
            dialog->open();
        });
    }
    auto* meaning = makeLabel(text(key.meaning), TextRole::Secondary, &Theme::text3, false, row);
    meaning->setWordWrap(true);
    grid->addWidget(meaning, 1, 1, 1, 2);
    auto* error = makeLabel({}, TextRole::Secondary, &Theme::error, false, row);
    error->setObjectName(QStringLiteral("error_") + text(key.key));
    error->setWordWrap(true);
    error->hide();
    grid->addWidget(error, 2, 1, 1, 2);
    return {key, row, editor, error};
}

QWidget* NewRunPanel::makeEditor(const train::RunFileKey& key, QWidget* parent)
{
    const bool choice = key.type.starts_with("choice:");
    if (choice || key.type == "boolean") {
        auto* box = new QComboBox(parent);
        const QString list = choice ? text(key.type.substr(7)) : QStringLiteral("false|true");
        box->addItems(list.split(QLatin1Char('|')));
        QString fallback = text(key.fallback);
        fallback.remove(QLatin1Char('"'));
        box->setCurrentText(fallback);
        connect(box, &QComboBox::currentIndexChanged, &m_delay, qOverload<>(&QTimer::start));
        return box;
    }
    auto* edit = new QLineEdit(parent);
    edit->setPlaceholderText(key.fallback.empty() ? tr("required")
            : key.fallback == "null"              ? tr("none")
                                                  : text(key.fallback));
    connect(edit, &QLineEdit::textChanged, &m_delay, qOverload<>(&QTimer::start));
    return edit;
}

QString NewRunPanel::valueOf(const Field& field) const
{
    if (const auto* box = qobject_cast<const QComboBox*>(field.editor)) {
        QString fallback = text(field.key.fallback);
        fallback.remove(QLatin1Char('"'));
        return box->currentText() == fallback ? QString() : box->currentText();
    }
    return qobject_cast<const QLineEdit*>(field.editor)->text().trimmed();
}

void NewRunPanel::setValue(const QString& key, const QString& value)
{
    for (const Field& field : m_fields) {
        if (text(field.key.key) != key)
            continue;
        if (auto* box = qobject_cast<QComboBox*>(field.editor))
            box->setCurrentText(value);
        else
            qobject_cast<QLineEdit*>(field.editor)->setText(value);
    }
}

void NewRunPanel::focusFirst()
{
    m_preset->setFocus(Qt::OtherFocusReason);
}

void NewRunPanel::showEvent(QShowEvent* event)
{
    QWidget::showEvent(event);
    m_delay.start();
}

void NewRunPanel::check()
{
    QList<session::RunFileEntry> entries;
    const QString preset = m_preset->currentData().toString();
    for (const Field& field : m_fields) {
        const QString value = valueOf(field);
        if (value.isEmpty() || (field.key.key == "model" && !preset.isEmpty()))
            continue;
        entries += {text(field.key.key), value, isText(field.key)};
    }
    m_check.check(preset, entries, QDir::homePath());
}

void NewRunPanel::show(const session::RunFileVerdict& verdict)
{
    m_file = verdict.file;
    if (m_json->toPlainText() != verdict.json)
        m_json->setPlainText(verdict.json);
    bool placed = false;
    for (const Field& field : m_fields) {
        const bool here = !verdict.key.isEmpty() && text(field.key.key) == verdict.key;
        static_cast<FormRow*>(field.row)->setWrong(here);
        field.error->setText(here ? verdict.error : QString());
        field.error->setVisible(here);
        placed = placed || here;
    }
    m_verdict->setText(verdict.error.isEmpty() ? tr("Ready to start")
            : placed                           ? tr("%1 needs a look").arg(verdict.key)
                                               : verdict.error);
    updateStart();
}

void NewRunPanel::setBusy(bool busy)
{
    m_busy = busy;
    updateStart();
}

void NewRunPanel::updateStart()
{
    m_start->setEnabled(m_file && !m_busy);
    m_start->setToolTip(m_busy ? tr("Stop the run in progress first")
            : m_file           ? tr("Start the run")
                               : tr("Mend what is marked first"));
}

} // namespace moe::training
