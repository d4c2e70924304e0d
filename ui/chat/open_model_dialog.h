// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/session/model_facts.h"

#include <QDialog>

#include <filesystem>

class QLabel;
class QLineEdit;
class QListWidgetItem;
class QPushButton;

namespace moe::chat {

class QuietList;

/// "12.9 B parameters, 2.7 B active": what a folder says, line by line.
QString factsOf(const session::ModelFacts& facts);

/// Chooses what to open: a folder, a recent one, or a checkpoint of a run, and says before
/// loading what it is and whether there is memory for it. Reads files on a thread of its own. GUI
/// thread.
class OpenModelDialog : public QDialog {
    Q_OBJECT
public:
    /// `beside`: folder of a model that stays open, or empty; what memory does not hold beside it
    /// is refused.
    OpenModelDialog(const QStringList& recent, const std::filesystem::path& store, QWidget* parent,
        std::filesystem::path beside = {});

Q_SIGNALS:
    void folderChosen(const QString& folder);

private:
    void readCheckpoints(const std::filesystem::path& store);
    void addEntry(const QString& text, const QString& folder);
    void take(const QListWidgetItem* item);
    void choose(const QString& folder);
    void showFacts(const session::ModelFacts& facts);

    QuietList* m_list;
    QLineEdit* m_folder;
    QLabel* m_facts;
    QPushButton* m_open;
    std::filesystem::path m_beside;
    quint64 m_asked = 0; ///< answers to older questions are dropped
};

} // namespace moe::chat
