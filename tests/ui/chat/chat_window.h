// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/chats/chat_store.h"
#include "tests/support/folders.h"
#include "ui/chat/chat_view.h"
#include "ui/chat/chat_workspace.h"
#include "ui/shell/action_registry.h"
#include "ui/shell/message_bar.h"
#include "ui/shell/settings.h"
#include "ui/shell/theme.h"

#include <QApplication>
#include <QDir>
#include <QHBoxLayout>
#include <QPlainTextEdit>
#include <QSignalSpy>
#include <QTest>
#include <QVBoxLayout>

#include <filesystem>

namespace moe::chat {

inline constexpr int kLong = 60'000; ///< ms

inline void useFontOfTests()
{
    QFont text(QStringLiteral("Noto Sans"));
    text.setPixelSize(13);
    QApplication::setFont(text);
    shell::ThemeSource::install(*qobject_cast<QApplication*>(qApp), shell::ThemeChoice::Light);
}

/// For people to look at.
inline void savePicture(QWidget& widget, const QString& name)
{
    const QString folder = tests::qInBuild("screenshots");
    QDir().mkpath(folder);
    widget.grab().save(folder + QLatin1Char('/') + name);
}

/// The workspace in a window, with its toolbar and message bar.
struct Window {
    explicit Window(const std::filesystem::path& store, const QSize& size = {1600, 1000})
        : settings(QString::fromStdString((store.parent_path() / "settings.ini").string()))
        , messages(new shell::MessageBar)
        , page(new ChatWorkspace({registry, *messages, &settings}, store))
    {
        page->setThreads(2);
        auto* column = new QVBoxLayout(&window);
        column->setContentsMargins(0, 0, 0, 0);
        column->setSpacing(0);
        auto* bar = new QHBoxLayout;
        bar->addStretch(1);
        for (QWidget* widget : page->toolbarWidgets())
            bar->addWidget(widget);
        column->addLayout(bar);
        column->addWidget(messages);
        column->addWidget(page, 1);
        window.addActions(registry.all()); // their keys
        window.resize(size);
        window.show();
        [this] {
            QVERIFY(QTest::qWaitForWindowActive(&window));
        }();
    }
    template <typename Widget> Widget* find(const char* name) const
    {
        return window.findChild<Widget*>(QString::fromLatin1(name));
    }
    ChatView& view() const { return *find<ChatView>("chatView"); }
    QPlainTextEdit& input() const { return *find<QPlainTextEdit>("chatInput"); }
    void trigger(const char* action) const
    {
        registry.find(QString::fromLatin1(action))->trigger();
    }
    void openModel(const std::filesystem::path& folder)
    {
        QSignalSpy opened(page, &ChatWorkspace::modelOpened);
        page->openModel(QString::fromStdString(folder.string()));
        QVERIFY(opened.wait(kLong));
    }
    void save(const QString& name)
    {
        QTest::qWait(100); // maps are drawn when the event loop comes to it
        savePicture(window, name);
    }

    shell::ActionRegistry registry;
    shell::Settings settings; ///< beside the store
    QWidget window;
    shell::MessageBar* messages;
    ChatWorkspace* page;
};

/// The newest conversation of a store, empty when there is none.
inline chats::Conversation newestOf(const std::filesystem::path& store)
{
    const chats::ChatStore chats(store);
    const auto all = chats.list();
    return all.empty() ? chats::Conversation() : chats.open(all[0].id);
}

} // namespace moe::chat
