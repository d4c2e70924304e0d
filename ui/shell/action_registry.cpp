// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/action_registry.h"

#include "ui/shell/theme.h"

#include <algorithm>

namespace moe::shell {

namespace {

constexpr const char* kCategory = "moeCategory";
constexpr const char* kInMenu = "moeInMenu";
constexpr const char* kIconName = "moeIcon";
constexpr const char* kDefaultKey = "moeDefaultKey";
constexpr const char* kReason = "moeReason";

/// What hovering says: the text, its key, or why it cannot be used now.
void updateToolTip(QAction* action)
{
    const QString reason = action->property(kReason).toString();
    const QString key = action->shortcut().toString(QKeySequence::NativeText);
    QString text = ActionRegistry::plainText(action);
    if (!reason.isEmpty())
        text = reason;
    else if (!key.isEmpty())
        text = ActionRegistry::tr("%1 (%2)", "action (its key)").arg(text, key);
    if (action->toolTip() != text)
        action->setToolTip(text);
}

} // namespace

ActionRegistry::ActionRegistry(QObject* parent)
    : QObject(parent)
{
}

QAction* ActionRegistry::add(const Spec& spec, std::function<void()> triggered)
{
    Q_ASSERT_X(!find(spec.id), "ActionRegistry::add", qPrintable(spec.id));
    auto* action = new QAction(icon(spec.icon, &Theme::text), spec.text, this);
    action->setObjectName(spec.id);
    action->setShortcut(spec.key);
    action->setMenuRole(QAction::NoRole);
    action->setProperty(kCategory, static_cast<int>(spec.category));
    action->setProperty(kInMenu, spec.inMenu);
    action->setProperty(kIconName, spec.icon);
    action->setProperty(kDefaultKey, QVariant::fromValue(spec.key));
    connect(action, &QAction::triggered, this, [run = std::move(triggered)] {
        if (run)
            run();
    });
    connect(action, &QAction::changed, this, [action] { updateToolTip(action); });
    updateToolTip(action);
    m_actions.append(action);
    Q_EMIT added(action);
    return action;
}

QAction* ActionRegistry::find(const QString& id) const
{
    const auto found = std::find_if(m_actions.begin(), m_actions.end(),
        [&id](const QAction* action) { return action->objectName() == id; });
    return found == m_actions.end() ? nullptr : *found;
}

ActionRegistry::Category ActionRegistry::categoryOf(const QAction* action)
{
    return static_cast<Category>(action->property(kCategory).toInt());
}

bool ActionRegistry::isInMenu(const QAction* action)
{
    return action->property(kInMenu).toBool();
}

QString ActionRegistry::iconNameOf(const QAction* action)
{
    return action->property(kIconName).toString();
}

QKeySequence ActionRegistry::defaultKeyOf(const QAction* action)
{
    return action->property(kDefaultKey).value<QKeySequence>();
}

QString ActionRegistry::plainText(const QAction* action)
{
    QString text = action->text();
    return text.remove(QLatin1Char('&'));
}

QString ActionRegistry::categoryName(Category category)
{
    switch (category) {
    case Category::File:
        return tr("File");
    case Category::Edit:
        return tr("Edit");
    case Category::View:
        return tr("View");
    case Category::Run:
        return tr("Run");
    case Category::Chat:
        return tr("Chat");
    case Category::Plan:
        return tr("Plan");
    case Category::Help:
        return tr("Help");
    case Category::Training:
        return tr("Training");
    }
    return {};
}

void ActionRegistry::setDisabledReason(QAction* action, const QString& reason)
{
    action->setProperty(kReason, reason);
    action->setEnabled(reason.isEmpty());
    updateToolTip(action);
}

} // namespace moe::shell
