// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/shell/palette_model.h"

#include <QFrame>
#include <QPointer>

class QLabel;
class QLineEdit;
class QListView;

namespace moe::shell {

/// Ctrl+K: finds an action, a run, a layer or a setting and does it (look.md section 8). A frame
/// over its parent, 640 px wide, closed by Esc, Enter, or a click elsewhere; focus goes back to
/// where it was. Object name "commandPalette". GUI thread.
class CommandPalette : public QFrame {
    Q_OBJECT
public:
    explicit CommandPalette(QWidget* parent);

    void open(QList<PaletteGroup> groups, int top, const QString& query = {});
    void setQuery(const QString& query);
    void dismiss() { close(); }
    const PaletteModel& model() const { return *m_model; }

Q_SIGNALS:
    void closed();

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;
    void paintEvent(QPaintEvent* event) override;

private:
    void buildParts();
    void fit();
    void search(const QString& query);
    void close(bool giveFocusBack = true);
    void accept(int row);
    bool handleKey(int key);

    PaletteModel* m_model;
    QLineEdit* m_edit = nullptr;
    QLabel* m_count = nullptr;
    QListView* m_list = nullptr;
    QWidget* m_footer = nullptr;
    QLabel* m_nothing = nullptr;
    QPointer<QWidget> m_focusBefore;
    int m_top = 0;
};

} // namespace moe::shell
