// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/settings.h"

#include <QStandardPaths>

namespace moe::shell {

namespace {

QString userFile()
{
    return QStandardPaths::writableLocation(QStandardPaths::GenericConfigLocation)
        + QStringLiteral("/moe-workbench/moe-workbench.ini");
}

QString stateKey(const QString& name)
{
    return QStringLiteral("state/") + name;
}

QString layoutGroup(const QString& name)
{
    // a name is free text: its characters must not make groups of their own
    return QStringLiteral("layout/") + QString::fromLatin1(name.toUtf8().toHex());
}

} // namespace

Settings::Settings(const QString& file, QObject* parent)
    : QObject(parent)
    , m_settings(file.isEmpty() ? userFile() : file, QSettings::IniFormat)
{
    // States of another version do not fit these windows; what the user chose by hand stays.
    const QString version = QStringLiteral("version");
    if (m_settings.value(version, kVersion).toInt() != kVersion)
        removeStates({});
    m_settings.setValue(version, kVersion);
}

void Settings::set(const QString& key, const QVariant& value)
{
    if (m_settings.value(key) == value)
        return;
    m_settings.setValue(key, value);
    Q_EMIT changed(key);
}

QString Settings::language() const
{
    return m_settings.value(QStringLiteral("language")).toString();
}

void Settings::setLanguage(const QString& language)
{
    set(QStringLiteral("language"), language);
}

ThemeChoice Settings::theme() const
{
    const QString name = m_settings.value(QStringLiteral("theme")).toString();
    if (name == QLatin1String("light"))
        return ThemeChoice::Light;
    return name == QLatin1String("dark") ? ThemeChoice::Dark : ThemeChoice::System;
}

void Settings::setTheme(ThemeChoice choice)
{
    set(QStringLiteral("theme"),
        choice == ThemeChoice::Light      ? QStringLiteral("light")
            : choice == ThemeChoice::Dark ? QStringLiteral("dark")
                                          : QStringLiteral("system"));
}

QString Settings::page() const
{
    return m_settings.value(QStringLiteral("page"), QStringLiteral("start")).toString();
}

void Settings::setPage(const QString& page)
{
    set(QStringLiteral("page"), page);
}

QByteArray Settings::state(const QString& name) const
{
    return m_settings.value(stateKey(name)).toByteArray();
}

void Settings::setState(const QString& name, const QByteArray& state)
{
    set(stateKey(name), state);
}

void Settings::removeStates(const QString& prefix)
{
    m_settings.beginGroup(QStringLiteral("state"));
    for (const QString& key : m_settings.allKeys()) {
        if (key.startsWith(prefix))
            m_settings.remove(key);
    }
    m_settings.endGroup();
}

QStringList Settings::layouts() const
{
    QStringList names;
    m_settings.beginGroup(QStringLiteral("layout"));
    for (const QString& group : m_settings.childGroups())
        names.append(QString::fromUtf8(QByteArray::fromHex(group.toLatin1())));
    m_settings.endGroup();
    names.sort(Qt::CaseInsensitive);
    return names;
}

void Settings::saveLayout(const QString& name)
{
    const QString group = layoutGroup(name);
    m_settings.remove(group);
    m_settings.beginGroup(QStringLiteral("state"));
    const QStringList keys = m_settings.allKeys();
    m_settings.endGroup();
    for (const QString& key : keys)
        m_settings.setValue(group + QLatin1Char('/') + key, m_settings.value(stateKey(key)));
    Q_EMIT changed(QStringLiteral("layout"));
}

bool Settings::loadLayout(const QString& name)
{
    const QString group = layoutGroup(name);
    m_settings.beginGroup(group);
    const QStringList keys = m_settings.allKeys();
    m_settings.endGroup();
    for (const QString& key : keys)
        m_settings.setValue(stateKey(key), m_settings.value(group + QLatin1Char('/') + key));
    return !keys.isEmpty();
}

QString Settings::endpointHost() const
{
    return m_settings.value(QStringLiteral("endpoint/host")).toString();
}

std::optional<int> Settings::endpointPort() const
{
    bool isNumber = false;
    const int port = m_settings.value(QStringLiteral("endpoint/port")).toInt(&isNumber);
    return isNumber ? std::optional(port) : std::nullopt;
}

void Settings::setEndpointHost(const QString& host)
{
    set(QStringLiteral("endpoint/host"), host);
}

void Settings::setEndpointPort(int port)
{
    set(QStringLiteral("endpoint/port"), port);
}

std::optional<QKeySequence> Settings::shortcut(const QString& actionId) const
{
    const QVariant value = m_settings.value(QStringLiteral("shortcuts/") + actionId);
    if (!value.isValid())
        return std::nullopt;
    return QKeySequence(value.toString(), QKeySequence::PortableText);
}

void Settings::setShortcut(const QString& actionId, const std::optional<QKeySequence>& key)
{
    const QString name = QStringLiteral("shortcuts/") + actionId;
    if (key)
        set(name, key->toString(QKeySequence::PortableText));
    else if (m_settings.contains(name)) {
        m_settings.remove(name);
        Q_EMIT changed(name);
    }
}

} // namespace moe::shell
