// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QFrame>
#include <QList>
#include <QString>

#include <functional>

namespace moe::shell {

/// The inline bar above a workspace: one message at a time, newest on top; closing shows the one
/// below. Object name "messageBar". GUI thread.
class MessageBar : public QFrame {
    Q_OBJECT
public:
    enum class Level { Info, Warning, Error };
    struct Message {
        QString id; ///< the same id replaces the message that has it
        Level level = Level::Info;
        QString fact; ///< semibold: "Layer 37, expert 11 is dead"
        QString remedy; ///< "Raise ξ or α_max, or open the layer …"
        QString actionText; ///< button, may be empty
        std::function<void()> action;
        bool everywhere = false; ///< of the window itself: not only beside the workspaces
    };

    explicit MessageBar(QWidget* parent = nullptr);
    ~MessageBar() override;
    void show(const Message& message);
    void dismiss(const QString& id);
    /// Messages of workspaces wait while none of them is the page shown.
    void setBesideWorkspace(bool beside);
    int warnings() const; ///< open warnings and errors, waiting ones too
    QString text() const; ///< fact and remedy of what is shown

Q_SIGNALS:
    void countChanged();

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    void rebuild();
    QList<Message> shown() const; ///< the last is on top
    QList<Message> m_messages;
    bool m_besideWorkspace = true;
    struct Parts;
    Parts* m_parts;
};

} // namespace moe::shell
