// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/settings_dialog.h"

#include <QComboBox>
#include <QDialogButtonBox>
#include <QFormLayout>
#include <QHeaderView>
#include <QKeySequenceEdit>
#include <QLabel>
#include <QPushButton>
#include <QStyledItemDelegate>
#include <QTableWidget>
#include <QVBoxLayout>

namespace moe::shell {

namespace {

constexpr int kIdRole = Qt::UserRole;

/// The key is typed, not spelled.
class KeyDelegate : public QStyledItemDelegate {
public:
    using QStyledItemDelegate::QStyledItemDelegate;
    QWidget* createEditor(
        QWidget* parent, const QStyleOptionViewItem&, const QModelIndex&) const override
    {
        auto* editor = new QKeySequenceEdit(parent);
        editor->setAccessibleName(SettingsDialog::tr("New key"));
        return editor;
    }
    void setEditorData(QWidget* editor, const QModelIndex& index) const override
    {
        static_cast<QKeySequenceEdit*>(editor)->setKeySequence(
            QKeySequence(index.data().toString(), QKeySequence::NativeText));
    }
    void setModelData(
        QWidget* editor, QAbstractItemModel* model, const QModelIndex& index) const override
    {
        const QKeySequence key = static_cast<QKeySequenceEdit*>(editor)->keySequence();
        model->setData(index, key.toString(QKeySequence::NativeText));
    }
};

} // namespace

SettingsDialog::SettingsDialog(
    Settings& settings, const ActionRegistry& actions, const QString& store, QWidget* parent)
    : QDialog(parent)
    , m_settings(settings)
    , m_actions(actions)
{
    setObjectName(QStringLiteral("settingsDialog"));
    setWindowTitle(tr("Settings"));
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(px(24), px(20), px(24), px(16));
    column->setSpacing(px(12));
    column->addWidget(makeForm(store));
    column->addWidget(makeLabel(tr("Shortcuts"), TextRole::Body, &Theme::text, true, this));
    m_shortcuts = new QTableWidget(this);
    m_shortcuts->setObjectName(QStringLiteral("shortcutTable"));
    m_shortcuts->setAccessibleName(tr("Shortcuts"));
    m_shortcuts->setColumnCount(3);
    m_shortcuts->setHorizontalHeaderLabels({tr("Action"), tr("Where"), tr("Key")});
    m_shortcuts->setItemDelegateForColumn(2, new KeyDelegate(m_shortcuts));
    m_shortcuts->setShowGrid(false);
    m_shortcuts->setSelectionBehavior(QAbstractItemView::SelectRows);
    m_shortcuts->setEditTriggers(
        QAbstractItemView::DoubleClicked | QAbstractItemView::EditKeyPressed);
    m_shortcuts->verticalHeader()->hide();
    m_shortcuts->verticalHeader()->setDefaultSectionSize(px(24));
    m_shortcuts->horizontalHeader()->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    m_shortcuts->horizontalHeader()->setSectionResizeMode(0, QHeaderView::Stretch);
    m_shortcuts->horizontalHeader()->setSectionResizeMode(1, QHeaderView::ResizeToContents);
    m_shortcuts->setColumnWidth(2, px(140));
    connect(m_shortcuts, &QTableWidget::itemChanged, this, &SettingsDialog::shortcutEdited);
    column->addWidget(m_shortcuts, 1);
    m_problem = makeLabel({}, TextRole::Secondary, &Theme::error, false, this);
    m_problem->setWordWrap(true);
    column->addWidget(m_problem);
    m_problem->hide();

    auto* row = new QHBoxLayout;
    auto* defaults = new QPushButton(tr("Default shortcuts"), this);
    connect(defaults, &QPushButton::clicked, this, [this] {
        for (QAction* action : m_actions.all()) {
            m_settings.setShortcut(action->objectName(), std::nullopt);
            action->setShortcut(ActionRegistry::defaultKeyOf(action));
        }
        m_problem->hide();
        fillShortcuts();
    });
    auto* done = new QPushButton(tr("Close"), this);
    done->setDefault(true);
    connect(done, &QPushButton::clicked, this, &QDialog::accept);
    row->addWidget(defaults);
    row->addStretch(1);
    row->addWidget(done);
    column->addLayout(row);
    fillShortcuts();
    resize(px(620), px(560));
}

QWidget* SettingsDialog::makeForm(const QString& store)
{
    auto* box = new QWidget(this);
    auto* form = new QFormLayout(box);
    form->setContentsMargins(0, 0, 0, 0);
    form->setFieldGrowthPolicy(QFormLayout::FieldsStayAtSizeHint);
    form->setHorizontalSpacing(px(16));
    form->setVerticalSpacing(px(8));
    const auto label = [this](const QString& text) {
        return makeLabel(text, TextRole::Body, &Theme::text2, false, this);
    };

    m_language = new QComboBox(box);
    m_language->setAccessibleName(tr("Language"));
    m_language->addItem(tr("As the desktop"), QString());
    m_language->addItem(QStringLiteral("English"), QStringLiteral("en"));
    m_language->addItem(QStringLiteral("简体中文"), QStringLiteral("zh_CN"));
    m_language->setCurrentIndex(std::max(0, m_language->findData(m_settings.language())));
    auto* language = new QHBoxLayout;
    language->setSpacing(px(8));
    language->addWidget(m_language);
    language->addWidget(
        makeLabel(tr("from the next start on"), TextRole::Secondary, &Theme::text3));
    language->addStretch(1);
    connect(m_language, &QComboBox::currentIndexChanged, this,
        [this] { m_settings.setLanguage(m_language->currentData().toString()); });
    form->addRow(label(tr("Language")), language);

    m_theme = new QComboBox(box);
    m_theme->setAccessibleName(tr("Theme"));
    m_theme->addItem(tr("As the desktop"), static_cast<int>(ThemeChoice::System));
    m_theme->addItem(tr("Light"), static_cast<int>(ThemeChoice::Light));
    m_theme->addItem(tr("Dark"), static_cast<int>(ThemeChoice::Dark));
    m_theme->setCurrentIndex(m_theme->findData(static_cast<int>(ThemeSource::instance().choice())));
    connect(m_theme, &QComboBox::currentIndexChanged, this, [this] {
        const auto choice = static_cast<ThemeChoice>(m_theme->currentData().toInt());
        m_settings.setTheme(choice);
        ThemeSource::instance().choose(choice);
    });
    form->addRow(label(tr("Theme")), m_theme);

    m_store = makeLabel(store, TextRole::Body, &Theme::text, false, box);
    m_store->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
    m_store->setAccessibleName(tr("Store"));
    m_store->setToolTip(tr("Runs, chats and plans. --store or MOE_STORE names another file."));
    form->addRow(label(tr("Store")), m_store);
    return box;
}

QList<std::pair<SettingsDialog::Field, QString>> SettingsDialog::entries()
{
    return {{Field::Language, tr("Language and display")},
        {Field::Theme, tr("Theme: light or dark")},
        {Field::Store, tr("Store: where runs are kept")},
        {Field::Shortcuts, tr("Shortcuts: change a key")}};
}

void SettingsDialog::showField(Field field)
{
    switch (field) {
    case Field::Language:
        return m_language->setFocus();
    case Field::Theme:
        return m_theme->setFocus();
    case Field::Store:
        return m_store->setFocus();
    case Field::Shortcuts:
        return m_shortcuts->setFocus();
    }
}

void SettingsDialog::fillShortcuts()
{
    m_filling = true;
    const QList<QAction*> actions = m_actions.all();
    m_shortcuts->setRowCount(static_cast<int>(actions.size()));
    for (int row = 0; row < actions.size(); ++row) {
        const QAction* action = actions.at(row);
        const auto put = [this, row](int column, const QString& text, bool editable) {
            auto* item = new QTableWidgetItem(text);
            item->setFlags(Qt::ItemIsEnabled | Qt::ItemIsSelectable
                | (editable ? Qt::ItemIsEditable : Qt::NoItemFlags));
            m_shortcuts->setItem(row, column, item);
            return item;
        };
        put(0, ActionRegistry::plainText(action), false);
        put(1, ActionRegistry::categoryName(ActionRegistry::categoryOf(action)), false);
        put(2, action->shortcut().toString(QKeySequence::NativeText), true)
            ->setData(kIdRole, action->objectName());
    }
    m_filling = false;
}

QString SettingsDialog::assignShortcut(
    Settings& settings, const ActionRegistry& actions, QAction* action, const QKeySequence& key)
{
    for (const QAction* other : actions.all()) {
        if (other != action && !key.isEmpty() && other->shortcut() == key)
            return tr("%1 belongs to “%2”. Take it away there first, or choose another key.")
                .arg(key.toString(QKeySequence::NativeText), ActionRegistry::plainText(other));
    }
    action->setShortcut(key);
    if (key == ActionRegistry::defaultKeyOf(action))
        settings.setShortcut(action->objectName(), std::nullopt);
    else
        settings.setShortcut(action->objectName(), key);
    return {};
}

void SettingsDialog::shortcutEdited(QTableWidgetItem* item)
{
    if (m_filling || item->column() != 2)
        return;
    QAction* action = m_actions.find(item->data(kIdRole).toString());
    const QKeySequence key(item->text(), QKeySequence::NativeText);
    const QString problem = assignShortcut(m_settings, m_actions, action, key);
    m_problem->setText(problem);
    m_problem->setVisible(!problem.isEmpty());
    m_filling = true;
    item->setText(action->shortcut().toString(QKeySequence::NativeText));
    m_filling = false;
}

} // namespace moe::shell
