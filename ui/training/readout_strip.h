// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/models/run_data.h"
#include "ui/models/run_settings.h"

#include <QWidget>

#include <vector>

class QHBoxLayout;
class QLabel;
class QProgressBar;
class QPushButton;
class QToolButton;

namespace moe::training {

/// One figure: a caption over a value with its unit. "readout" + its key is the value's name.
class Readout : public QWidget {
    Q_OBJECT
public:
    Readout(const QString& key, const QString& caption, const QString& unit, QWidget* parent);
    void setValue(const QString& value);
    void setCaption(const QString& caption);
    QString text() const; ///< value and unit as shown

protected:
    void paintEvent(QPaintEvent* event) override;
    QSize sizeHint() const override;
    QSize minimumSizeHint() const override { return sizeHint(); }

private:
    QString m_caption, m_value, m_unit;
};

/// The strip above the docks, 60 px: run, state, pause, stop, progress, eight figures.
class ReadoutStrip : public QWidget {
    Q_OBJECT
public:
    explicit ReadoutStrip(QWidget* parent = nullptr);

    /// `live`: a run of this process, which the buttons act on; `paused` when it is.
    void refresh(
        const models::RunData& run, const models::RunSettings& settings, bool live, bool paused);
    void setPreparing(const QString& what, qint64 done, qint64 total);
    void setLeftWidth(int pixels); ///< of the part over the left docks
    void setCompact(bool compact); ///< 1280 × 800

Q_SIGNALS:
    void pauseClicked();
    void stopClicked();

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    void buildLeft();
    void buildProgress();
    void buildReadouts();
    QString stateText(const models::RunData& run, bool paused) const;

    bool m_compact = false, m_paused = false;
    QWidget* m_left;
    QLabel* m_name;
    QLabel* m_stateIcon;
    QLabel* m_state;
    QPushButton* m_pause;
    QPushButton* m_stop;
    QWidget* m_progressBox;
    QLabel* m_step;
    QLabel* m_timeLeft;
    QProgressBar* m_bar;
    QLabel* m_percent;
    QLabel* m_tokens;
    QHBoxLayout* m_row;
    struct Figures {
        Readout *loss, *valid, *drop, *lr, *grad, *tokens, *step, *mfu;
    } m_figures{};
};

} // namespace moe::training
