// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QColor>
#include <QList>
#include <QString>
#include <QWidget>

#include <utility>

class QDockWidget;
class QHBoxLayout;
class QLabel;
class QMenu;
class QToolButton;

namespace moe::shell {

/// One entry of a title bar's legend: swatch, name, value (semibold parts: none).
struct TitleLegend {
    enum class Swatch { None, Line, Dashed, Ramp };
    Swatch swatch = Swatch::Line;
    QString name, value;
    QColor color;
    bool operator==(const TitleLegend&) const = default;
};

/// Title of a dock or of a panel of the layer page, 28 px: name semibold, unit in text3, the legend
/// with the values under the crosshair, buttons, ⋯ with its menu. What does not fit is left out
/// from the left of the legend, the unit first.
class TitleBar : public QWidget {
    Q_OBJECT
public:
    explicit TitleBar(const QString& name, const QString& unit = {}, QWidget* parent = nullptr);

    void setName(const QString& name);
    void setUnit(const QString& unit);
    /// The short form is shown where the long one would push the legend out.
    void setShortUnit(const QString& unit);
    void setShortName(const QString& name);
    void setShortWords(bool shortWords);
    void setNameShown(bool shown); ///< false where a tab above says the name already
    void setLegend(const QList<TitleLegend>& legend);
    QString legendText() const; ///< "mean 1.27 %  layer 37 1.49 %"
    QString name() const { return m_name; }
    QToolButton* addButton(const QString& icon, const QString& what);
    QMenu* menu() const { return m_menu; } ///< behind ⋯
    /// Float and close at the end of ⋯, when the bar heads a dock.
    void addDockActions(QDockWidget* dock);

    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

protected:
    void paintEvent(QPaintEvent* event) override;
    bool event(QEvent* event) override;

private:
    int legendWidth(int entry) const;
    int legendWidth() const; ///< of all entries without the gaps
    QString shownName(int room) const;
    QString m_name, m_shortName, m_unit, m_shortUnit;
    bool m_short = false, m_nameShown = true;
    QList<TitleLegend> m_legend;
    QHBoxLayout* m_buttons;
    QToolButton* m_more;
    QMenu* m_menu;
};

} // namespace moe::shell
