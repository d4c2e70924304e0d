// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/chats/conversation.h"
#include "ui/shell/workspace.h"

#include <QString>

#include <filesystem>
#include <memory>
#include <vector>

namespace moe::chat {

/// The Chat workspace (look.md section 10): opens a model, holds conversations with it, shows what
/// its experts did. Everything said is in the store at once. GUI thread. Object name "chatPage".
class ChatWorkspace : public shell::Workspace {
    Q_OBJECT
public:
    ChatWorkspace(shell::ShellServices services, const std::filesystem::path& store,
        QWidget* parent = nullptr);
    ~ChatWorkspace() override; ///< cancels what is written; what is there is kept

    QString title() const override;
    QString iconName() const override;
    QList<QAction*> toolbarActions() const override;
    QList<QWidget*> toolbarWidgets() override;
    QList<shell::PaletteSource> paletteSources() override;
    void restoreDefaultLayout() override;
    QSize minimumSizeHint() const override;

    void setThreads(int threads); ///< of models opened from now on; 0: all cores
    void openModel(const QString& folder);
    bool hasModel() const;
    /// Opens a second model beside the first, when memory holds both; each message is answered by
    /// both from then on.
    void compareWith(const QString& folder);
    bool isComparing() const;
    void newConversation();
    void openConversation(qint64 id);
    void send(const QString& text); ///< as if typed and sent
    /// Of the replies of the conversation shown.
    void setSampling(quint64 seed, qint64 maxTokens);
    bool isReplying() const;
    /// Those of the store, newest first, as last read.
    const std::vector<chats::ConversationInfo>& conversations() const;

Q_SIGNALS:
    void modelOpened();
    void comparisonOpened(); ///< the second model is there
    void replyEnded(); ///< none is being written any more
    void failed(const QString& line); ///< one error line
    void recentChanged();
    void pageWanted(); ///< an action of another page leads here

protected:
    void resizeEvent(QResizeEvent* event) override;
    void showEvent(QShowEvent* event) override;
    void hideEvent(QHideEvent* event) override;
    void changeEvent(QEvent* event) override;

private:
    struct Impl;
    std::unique_ptr<Impl> m_impl;
};

} // namespace moe::chat
