// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QStatusBar>

class QAction;
class QLabel;
class QToolButton;

namespace moe::shell {

/// The line at the bottom: left what runs on which device, right run or checkpoint, store and its
/// size, warnings, and the switch of the log. GUI thread.
class StatusBar : public QStatusBar {
    Q_OBJECT
public:
    explicit StatusBar(QAction* log, QWidget* parent = nullptr);
    void setDevice(const QString& text);
    void setRun(const QString& text, bool live = false); ///< live: with the play sign
    void setStore(const QString& path, qint64 bytes); ///< −1: not there yet
    void setWarnings(int count);

Q_SIGNALS:
    void warningsClicked();

private:
    QLabel *m_device, *m_play, *m_run, *m_store;
    QToolButton* m_warnings;
};

/// "312 kB", "1.2 GB": 10⁹ bytes are a GB.
QString sizeText(qint64 bytes);

} // namespace moe::shell
