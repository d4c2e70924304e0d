// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/chats/reply_routing.h"

#include <QWidget>

#include <cstdint>
#include <vector>

class QComboBox;
class QLabel;
class QScrollBar;

namespace moe::chat {

class RoutingTooltip;

/// A token's text on one line: spaces as "·", line ends as "⏎".
QString shownToken(const std::string& text);
/// The sequential map at `share`, 0 to 1, of the scale.
QColor weightShade(double share);

/// The columns of a strip: experts down, tokens across, a mark where a token went, its shade the
/// weight; the tokens' text round the current one below. The arrow keys move the current token.
class StripCanvas : public QWidget {
    Q_OBJECT
public:
    explicit StripCanvas(QWidget* parent = nullptr);

    void setRouting(const chats::ReplyRouting* routing); ///< outlives its use here; may be null
    void setLayer(int row); ///< of routing's layers
    void setLive(bool live); ///< the newest token stays in view
    void setMarked(std::vector<int64_t> columns); ///< what an expert took
    void setCurrent(int column); ///< −1: none
    int current() const { return m_current; }
    void refresh(); ///< tokens were added
    std::pair<double, double> weightRange() const { return {m_low, m_high}; }
    QRect columnRect(int column) const; ///< in this widget's coordinates

    QSize sizeHint() const override;

Q_SIGNALS:
    void currentChanged(int column);
    void stepLayer(int by);

protected:
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void leaveEvent(QEvent* event) override;
    void wheelEvent(QWheelEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void focusInEvent(QFocusEvent* event) override;
    void focusOutEvent(QFocusEvent* event) override;

private:
    int experts() const;
    int columns() const;
    int rowHeight() const;
    QRect plot() const;
    double columnWidth() const;
    QRect columnRect(int column, const QRect& area, double wide) const;
    int columnAt(double x) const;
    int firstInView() const;
    void showColumn(int column);
    void updateScroll();
    void updateRange();
    void paintCells(QPainter& painter) const;
    void paintTokens(QPainter& painter) const;

    const chats::ReplyRouting* m_routing = nullptr;
    int m_layer = 0, m_current = -1;
    bool m_live = false;
    double m_low = 0, m_high = 1;
    std::vector<int64_t> m_marked;
    QScrollBar* m_scroll;
};

/// The strip under a reply: layer, what is shown, the scale of the weights, the columns, and the
/// current token's experts in a tooltip beside it. GUI thread.
class ExpertStrip : public QWidget {
    Q_OBJECT
public:
    explicit ExpertStrip(QWidget* parent = nullptr);

    void setRouting(const chats::ReplyRouting* routing, bool live);
    void setLayer(int row);
    void showLayer(int64_t layer); ///< a decoder layer; one without experts changes nothing
    int layer() const;
    void setMarked(std::vector<int64_t> columns) { m_canvas->setMarked(std::move(columns)); }
    StripCanvas& canvas() { return *m_canvas; }

Q_SIGNALS:
    void tokenHovered(int column); ///< −1: none
    void layerChosen(int row);

protected:
    void resizeEvent(QResizeEvent* event) override;

private:
    void fillLayers();
    void describe();
    void fitWords(); ///< shows what fits
    void showTooltip(int column);

    const chats::ReplyRouting* m_routing = nullptr;
    bool m_live = false;
    std::vector<chats::ReplyRouting::Layer> m_listed;
    QLabel *m_what, *m_low, *m_high;
    QWidget* m_ramp;
    QComboBox* m_layers;
    StripCanvas* m_canvas;
    RoutingTooltip* m_tooltip;
};

} // namespace moe::chat
