// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QListWidget>
#include <QSignalBlocker>

namespace moe::chat {

/// A list in which only the user makes a row the current one: a list view takes its first row when
/// it gets the focus, which would open what nobody asked for.
class QuietList : public QListWidget {
public:
    using QListWidget::QListWidget;
    bool isEditing() const { return state() == EditingState; }

protected:
    void focusInEvent(QFocusEvent* event) override
    {
        const bool none = !currentIndex().isValid();
        const QSignalBlocker quiet(this);
        QListWidget::focusInEvent(event);
        if (none)
            setCurrentIndex({});
    }
};

} // namespace moe::chat
