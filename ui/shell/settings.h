// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/shell/theme.h"

#include <QByteArray>
#include <QKeySequence>
#include <QObject>
#include <QSettings>
#include <QStringList>

#include <optional>

namespace moe::shell {

/// All that the window remembers between two starts: an ini file in the XDG config folder. Every
/// setter emits changed() with its key. GUI thread.
class Settings : public QObject {
    Q_OBJECT
public:
    static constexpr int kVersion = 1;

    /// `file`: another ini file (tests, a throw-away session); empty: the user's own.
    explicit Settings(const QString& file = {}, QObject* parent = nullptr);

    QString language() const; ///< "en", "zh_CN"; empty: the desktop's
    void setLanguage(const QString& language);
    ThemeChoice theme() const;
    void setTheme(ThemeChoice choice);

    QString page() const; ///< "start", "training", …
    void setPage(const QString& page);

    /// Binary state of windows, dock areas, table headers and splitters, by name.
    QByteArray state(const QString& name) const;
    void setState(const QString& name, const QByteArray& state);
    void removeStates(const QString& prefix);

    /// A layout is a named copy of all states.
    QStringList layouts() const;
    void saveLayout(const QString& name);
    bool loadLayout(const QString& name); ///< copies it over the present states

    std::optional<QKeySequence> shortcut(const QString& actionId) const; ///< none: the default
    void setShortcut(const QString& actionId, const std::optional<QKeySequence>& key);

    QString endpointHost() const; ///< empty: never chosen
    std::optional<int> endpointPort() const;
    void setEndpointHost(const QString& host);
    void setEndpointPort(int port);

    QString fileName() const { return m_settings.fileName(); }
    void sync() { m_settings.sync(); }

Q_SIGNALS:
    void changed(const QString& key);

private:
    void set(const QString& key, const QVariant& value);
    mutable QSettings m_settings;
};

} // namespace moe::shell
