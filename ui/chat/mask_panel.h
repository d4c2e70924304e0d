// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/chats/conversation.h"

#include <QFrame>
#include <QWidget>

#include <vector>

class QLabel;
class QListWidget;
class QPushButton;

namespace moe::chat {

/// "Layer 12 expert 4, layer 3 expert 7".
QString namesOf(const std::vector<chats::MaskedExpert>& masks);

/// The experts that a conversation does without, with a button to take each back. GUI thread.
class MaskPanel : public QWidget {
    Q_OBJECT
public:
    explicit MaskPanel(QWidget* parent = nullptr);
    void setMasks(const std::vector<chats::MaskedExpert>& masks);

Q_SIGNALS:
    void unmaskWanted(qint64 layer, int expert);

private:
    QListWidget* m_list;
    QLabel* m_none;
    QPushButton* m_unmask;
};

/// Stands over the transcript while any expert is masked. Object name "maskBar".
class MaskBar : public QFrame {
    Q_OBJECT
public:
    explicit MaskBar(QWidget* parent = nullptr);
    void setMasks(const std::vector<chats::MaskedExpert>& masks);

Q_SIGNALS:
    void unmaskAllWanted();

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    QLabel* m_text;
};

} // namespace moe::chat
