// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/session/run_file_check.h"

#include <QTimer>
#include <QWidget>

#include <memory>
#include <vector>

class QComboBox;
class QFormLayout;
class QLabel;
class QPlainTextEdit;
class QPushButton;
class QVBoxLayout;

namespace moe::training {

/// The form that starts a run: model preset, corpus, every key of the run file with its meaning,
/// checked as typed; beside it the run file that it writes. What is wrong stands at its field.
class NewRunPanel : public QWidget {
    Q_OBJECT
public:
    explicit NewRunPanel(QWidget* parent = nullptr);
    /// Start says why not while a run is on.
    void setBusy(bool busy);
    void setValue(const QString& key, const QString& value); ///< also for a copy of another run
    void focusFirst();

Q_SIGNALS:
    void startRequested(std::shared_ptr<const moe::train::RunFile> file);

protected:
    void showEvent(QShowEvent* event) override;

private:
    struct Field {
        train::RunFileKey key;
        QWidget* row;
        QWidget* editor;
        QLabel* error;
    };
    void buildForm(QVBoxLayout* form);
    Field makeField(const train::RunFileKey& key);
    QWidget* makeEditor(const train::RunFileKey& key, QWidget* parent);
    QString valueOf(const Field& field) const;
    void check();
    void show(const session::RunFileVerdict& verdict);
    void updateStart();

    session::RunFileCheck m_check;
    QTimer m_delay;
    QComboBox* m_preset;
    std::vector<Field> m_fields;
    QPlainTextEdit* m_json;
    QLabel* m_verdict;
    QPushButton* m_start;
    std::shared_ptr<const train::RunFile> m_file;
    bool m_busy = false;
};

} // namespace moe::training
