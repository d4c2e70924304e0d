// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/train/run_file.h"

#include <QList>
#include <QObject>
#include <QString>
#include <QThreadPool>

#include <memory>
#include <optional>

namespace moe::session {

/// One typed value of a run file.
struct RunFileEntry {
    QString key; ///< dotted
    QString value;
    bool isText = false; ///< a string whatever it looks like; else JSON, or text when it is not
};

/// What the check of a form says.
struct RunFileVerdict {
    quint64 request = 0;
    QString json; ///< the run file as written down
    QString error; ///< one line; empty: it can start
    QString key; ///< the key that the error names, when it does
    std::shared_ptr<const train::RunFile> file; ///< null with an error
};

/// Checks run files as they are typed, on a thread of its own; only the newest answer counts. Lives
/// on the GUI thread.
class RunFileCheck : public QObject {
    Q_OBJECT
public:
    explicit RunFileCheck(QObject* parent = nullptr);
    ~RunFileCheck() override;

    /// `preset`: a model preset's name; empty: the entries say the model. `folder`: what relative
    /// paths are relative to.
    void check(const QString& preset, const QList<RunFileEntry>& entries, const QString& folder);

Q_SIGNALS:
    void checked(const moe::session::RunFileVerdict& verdict);

private:
    QThreadPool m_pool;
    quint64 m_last = 0;
};

/// The key among the run file's that an error line names; empty: none.
QString keyNamedIn(const QString& line);

} // namespace moe::session
