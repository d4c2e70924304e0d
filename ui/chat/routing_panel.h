// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/chats/conversation.h"
#include "engine/chats/reply_routing.h"
#include "ui/models/reply_load.h"
#include "ui/plots/heatmap_plot.h"

#include <QWidget>

#include <optional>
#include <vector>

class QButtonGroup;
class QComboBox;
class QLabel;
class QStackedWidget;
class QTableView;
class QToolButton;

namespace moe::shell {
class TitleBar;
}

namespace moe::chat {

/// Where a reply's tokens went, layer × expert: of one reply, of the conversation, or of the reply
/// that is being written; or the difference of two. The same map as in training, "routingHeatmap".
/// GUI thread.
class RoutingPanel : public QWidget {
    Q_OBJECT
public:
    enum class Span { Reply, Conversation, Live };
    /// A reply and the branch that it stands on; the name goes into the legend of a difference.
    struct End {
        int64_t message = 0, leaf = 0;
        QString name;
    };
    /// What the map can show: one end, or what it has more than the other.
    struct Choice {
        int64_t key = 0; ///< one of those below, or the message of `minus`
        QString text;
        End end;
        std::optional<End> minus;
    };
    enum Key : int64_t { kThis = 0, kLeft = -1, kRight = -2, kDifference = -3 };

    explicit RoutingPanel(shell::TitleBar& title, QWidget* parent = nullptr);

    Span span() const;
    void setSpan(Span span);
    void setMasks(const std::vector<chats::MaskedExpert>& masks);
    /// Not empty. The chosen one stays chosen while it is among them, else it is `fallback`.
    void setChoices(std::vector<Choice> choices, int64_t fallback);
    const Choice& choice() const;
    bool choose(int64_t key); ///< false where it was chosen already
    /// Of the choice's end, and of what it is compared with. Empty: nothing to show, `why` says
    /// what is missing.
    void setRoutings(const std::vector<const chats::ReplyRouting*>& routings,
        const std::vector<const chats::ReplyRouting*>& minus, const QString& why);
    /// The token that is looked at: dots in every layer. Null: none.
    void setToken(const chats::ReplyRouting* routing, int column);
    void setSelectedLayer(int64_t layer) { m_map->setSelectedRow(static_cast<int>(layer)); }
    void setMarked(std::optional<chats::MaskedExpert> marked) { m_marked = marked; }
    /// Whose tokens are marked in the transcript.
    const std::optional<chats::MaskedExpert>& marked() const { return m_marked; }

Q_SIGNALS:
    void spanChosen();
    void choiceChanged();
    void maskWanted(qint64 layer, int expert, bool masked);
    void tokensWanted(qint64 layer, int expert, bool shown); ///< which ones did it take
    void layerActivated(qint64 layer);

private:
    void showMenu(int row, int column, const QPoint& global);
    void showMap(plots::HeatmapData map, const QString& why);
    float valueAt(int row, int expert) const;
    plots::HeatmapPlot::CellText cellText(int row, int column) const;

    shell::TitleBar& m_title;
    QButtonGroup* m_spans;
    QComboBox* m_choice;
    std::vector<Choice> m_choices;
    QToolButton* m_tableButton;
    QStackedWidget* m_pages;
    plots::HeatmapPlot* m_map;
    QTableView* m_table;
    plots::HeatmapTableModel* m_tableModel;
    QLabel* m_none;
    std::vector<chats::MaskedExpert> m_masks;
    std::optional<chats::MaskedExpert> m_marked;
    models::ReplyLoad m_load, m_minus; ///< of the choice's ends
};

} // namespace moe::chat
