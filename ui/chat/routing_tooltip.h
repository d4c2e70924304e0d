// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/chats/reply_routing.h"

#include <QWidget>

namespace moe::chat {

/// Where one token went: the chosen experts of a layer with gate probability and weight, the
/// runners-up with their gate probabilities, and its experts in all layers. 314 px wide, never over
/// the column that it explains.
class RoutingTooltip : public QWidget {
    Q_OBJECT
public:
    explicit RoutingTooltip(QWidget* parent);

    /// `column` in global coordinates.
    void showBeside(
        const QRect& column, const chats::ReplyRouting& routing, int token, int layerRow);
    /// What it shows, in words, for those who do not see it.
    QString description() const;

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    struct Choice {
        int expert;
        double weight, gate; ///< NaN: not known, or none
        bool chosen;
    };
    std::vector<Choice> choices() const;
    int mapHeight() const;
    QSize contentSize() const;
    void paintMap(QPainter& painter, const QRect& at) const;

    chats::ReplyRouting m_routing; ///< of this token alone
    QString m_text;
    int m_token = 0, m_tokens = 0, m_layerRow = 0;
};

} // namespace moe::chat
