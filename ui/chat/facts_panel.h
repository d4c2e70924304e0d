// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/infer/opened_model.h"

#include <QWidget>

#include <filesystem>

class QButtonGroup;
class QLabel;
class QPlainTextEdit;
class QStackedWidget;
class QStandardItemModel;
class QTableView;

namespace moe::models {
class TensorFilter;
class TensorTableModel;
} // namespace moe::models

namespace moe::chat {

class PromptPage;

/// What the open model is: its architecture, its tensors, its chat template and the prompt that it
/// makes. Reads files on a thread of its own. GUI thread.
class FactsPanel : public QWidget {
    Q_OBJECT
public:
    enum class Page { Model, Tensors, Prompt, Template };

    explicit FactsPanel(QWidget* parent = nullptr);
    /// Null: none is open. The model is read here and not kept.
    void setModel(const infer::OpenedModel* model, const std::filesystem::path& folder);
    void showPage(Page page);
    PromptPage& prompt() { return *m_prompt; }

private:
    QWidget* makeTensors();
    void readTensors(const std::filesystem::path& folder);
    void showSum();
    void addFact(const QString& what, const QString& value);

    QButtonGroup* m_tabs;
    QStackedWidget* m_pages;
    QStandardItemModel* m_facts;
    QTableView* m_factsTable;
    models::TensorTableModel* m_tensors;
    models::TensorFilter* m_filter;
    QTableView* m_tensorTable;
    QLabel* m_sum;
    PromptPage* m_prompt;
    QPlainTextEdit* m_template;
    quint64 m_asked = 0; ///< answers about a model that is gone are dropped
};

} // namespace moe::chat
