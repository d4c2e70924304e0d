// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/serve/limits.h"
#include "ui/session/endpoint.h"

#include <QElapsedTimer>
#include <QTimer>
#include <QWidget>

#include <deque>

class QLabel;
class QLineEdit;
class QPushButton;
class QSpinBox;
class QStandardItemModel;
class QTableView;
class QToolButton;

namespace moe::models {
class RequestTableModel;
}
namespace moe::shell {
class Settings;
}

namespace moe::chat {

/// The endpoint's switch, address and key, and what it serves. Asks for nothing while it is hidden.
/// GUI thread.
class EndpointPanel : public QWidget {
    Q_OBJECT
public:
    explicit EndpointPanel(const session::Endpoint& endpoint, QWidget* parent = nullptr);

    /// Why it cannot be switched on, empty: it can.
    void setRefusal(const QString& reason);
    serve::ServerOptions options() const;
    /// Shows what was chosen before, and keeps what is chosen from now on. The key is never kept.
    void remember(shell::Settings& settings);
    void generateKey(); ///< 32 random characters

Q_SIGNALS:
    void switched(bool on);

protected:
    void showEvent(QShowEvent* event) override;

private:
    QWidget* makeFields();
    void makeTables();
    void showState();
    void refresh(); ///< figures and tables
    void showFailures(const std::vector<serve::FailedRequest>& failures);
    QString rate(int64_t generatedTokens);

    const session::Endpoint& m_endpoint;
    QLabel *m_state, *m_counts, *m_rate, *m_noFailures;
    QPushButton* m_switch;
    QLineEdit *m_host, *m_key, *m_url;
    QSpinBox* m_port;
    QToolButton *m_generate, *m_copyUrl;
    models::RequestTableModel* m_requests;
    QStandardItemModel* m_failures;
    QTableView *m_requestTable, *m_failureTable;
    QString m_refusal;
    QTimer m_timer;
    QElapsedTimer m_clock;
    struct Sample {
        qint64 milliseconds;
        int64_t tokens;
    };
    std::deque<Sample> m_samples; ///< of the last seconds
    int64_t m_shownFailures = -1; ///< errors counted when the list was filled
};

} // namespace moe::chat
