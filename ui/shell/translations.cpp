// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/translations.h"

#include <QCoreApplication>
#include <QLibraryInfo>
#include <QLocale>
#include <QTranslator>

// Outside the namespace, as Q_INIT_RESOURCE demands: the library is static.
static void loadResources()
{
    Q_INIT_RESOURCE(translations);
}

namespace moe::shell {

namespace {

/// lupdate does not see C++17's nested namespaces and files a text under the bare class name, while
/// tr() asks with the qualified one.
class BareContexts : public QTranslator {
public:
    using QTranslator::QTranslator;
    QString translate(
        const char* context, const char* text, const char* comment, int number) const override
    {
        QString found = QTranslator::translate(context, text, comment, number);
        if (!found.isEmpty() || !context)
            return found;
        const QByteArray whole(context);
        const QByteArray bare = whole.mid(whole.lastIndexOf(':') + 1);
        found = QTranslator::translate(bare.constData(), text, comment, number);
        if (!found.isEmpty())
            return found;
        // tr() in the private half of a class asks for the class, lupdate files it under the half
        const QByteArray half = bare + "::Impl";
        return QTranslator::translate(half.constData(), text, comment, number);
    }
};

} // namespace

QString installTranslations(QCoreApplication& application, const QString& language)
{
    loadResources();
    QString wanted = language;
    if (wanted.isEmpty())
        wanted = QLocale::system().language() == QLocale::Chinese ? QStringLiteral("zh_CN")
                                                                  : QStringLiteral("en");
    if (wanted == QLatin1String("zh_CN")) {
        QLocale::setDefault(QLocale(QLocale::Chinese, QLocale::China));
        auto* qt = new QTranslator(&application);
        if (qt->load(
                QStringLiteral("qtbase_zh_CN"), QLibraryInfo::path(QLibraryInfo::TranslationsPath)))
            application.installTranslator(qt);
    } else {
        QLocale::setDefault(QLocale(QLocale::English, QLocale::UnitedStates));
    }
    // English too: its plural forms ("1 warning", "2 warnings") live in a file of their own
    auto* own = new BareContexts(&application);
    if (own->load(QStringLiteral(":/i18n/moe_%1.qm").arg(wanted)))
        application.installTranslator(own);
    else
        qWarning("no texts for the language %s", qUtf8Printable(wanted));
    return wanted;
}

} // namespace moe::shell
