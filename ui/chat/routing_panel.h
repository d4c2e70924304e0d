// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/chats/conversation.h"
#include "engine/chats/reply_routing.h"
#include "ui/plots/heatmap_plot.h"

#include <QWidget>

#include <map>
#include <vector>

class QButtonGroup;
class QLabel;
class QStackedWidget;
class QTableView;
class QToolButton;

namespace moe::shell {
class TitleBar;
}

namespace moe::chat {

/// Where a reply's tokens went, layer × expert: of one reply, of the conversation, or of the reply
/// that is being written. The same map as in training, "routingHeatmap". GUI thread.
class RoutingPanel : public QWidget {
    Q_OBJECT
public:
    enum class Span { Reply, Conversation, Live };

    explicit RoutingPanel(shell::TitleBar& title, QWidget* parent = nullptr);

    Span span() const;
    void setSpan(Span span);
    void setMasks(const std::vector<chats::MaskedExpert>& masks);
    /// Empty: nothing to show, `why` says what is missing.
    void setRoutings(const std::vector<const chats::ReplyRouting*>& routings, const QString& why);
    /// The token that is looked at: dots in every layer. Null: none.
    void setToken(const chats::ReplyRouting* routing, int column);
    plots::HeatmapPlot& map() { return *m_map; }

Q_SIGNALS:
    void spanChosen();
    void maskWanted(qint64 layer, int expert, bool masked);
    void tokensWanted(qint64 layer, int expert); ///< which ones did it take
    void layerActivated(qint64 layer);

private:
    void showMenu(const QPoint& at);
    plots::HeatmapPlot::CellText cellText(int row, int column) const;

    QButtonGroup* m_spans;
    QToolButton* m_tableButton;
    QStackedWidget* m_pages;
    plots::HeatmapPlot* m_map;
    QTableView* m_table;
    plots::HeatmapTableModel* m_tableModel;
    QLabel* m_none;
    std::vector<chats::MaskedExpert> m_masks;
    std::vector<int64_t> m_load; ///< [rows, columns]
    std::vector<double> m_ideal; ///< [rows]
    std::vector<int32_t> m_experts; ///< [rows]
};

} // namespace moe::chat
