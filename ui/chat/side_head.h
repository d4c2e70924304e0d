// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

class QLabel;
class QToolButton;

namespace moe::chat {

/// Stands over a transcript while two are side by side: which model answers there, how fast its
/// last reply came, and what opens another. GUI thread.
class SideHead : public QWidget {
    Q_OBJECT
public:
    /// Object names of the parts begin with `name`.
    SideHead(const QString& name, QWidget* parent);

    void setModel(const QString& text, const QString& folder); ///< or what is being opened
    void setFigures(const QString& text); ///< "26.8 tokens/s"
    QToolButton* addClose(const QString& what); ///< at the right end

Q_SIGNALS:
    void modelWanted();

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    QString m_name;
    QToolButton* m_model;
    QLabel* m_figures;
};

} // namespace moe::chat
