// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/workbench/program.h"

#include "app/workbench/conductor.h"
#include "app/workbench/options.h"
#include "app/workbench/signals.h"
#include "kernels/error.h"
#include "ui/shell/main_window.h"
#include "ui/shell/translations.h"

#include <QApplication>
#include <QFileInfo>
#include <QStandardPaths>
#include <QTemporaryDir>
#include <QTimer>

#include <cmath>
#include <csignal>

namespace moe::workbench {

namespace {

bool hasDisplay()
{
    return qEnvironmentVariableIsSet("QT_QPA_PLATFORM") || qEnvironmentVariableIsSet("DISPLAY")
        || qEnvironmentVariableIsSet("WAYLAND_DISPLAY");
}

/// Pictures are drawn without a screen, unless the caller has chosen a platform.
void choosePlatform(const Options& options)
{
    if (qEnvironmentVariableIsSet("QT_QPA_PLATFORM"))
        return;
    if (!options.screenshots.isEmpty() || (options.demo && !hasDisplay()))
        qputenv("QT_QPA_PLATFORM", "offscreen");
    else if (!hasDisplay())
        throw Error("no display to open a window on", "DISPLAY and WAYLAND_DISPLAY",
            "start it in a desktop session, or use --demo or --screenshots DIR, which need none");
}

/// A run's name has no slash: what looks like a path is one. Folders are models; plans come later.
void refusePaths(const QString& open)
{
    const QFileInfo path(open);
    const bool plan = open.endsWith(QLatin1String(".json"));
    if (!plan && !open.contains(QLatin1Char('/')))
        return;
    const std::string where = open.toStdString();
    const char* remedy = "name a model's folder, or a run of the store: an id, a name or last";
    if (!path.exists())
        throw Error("there is no such file or folder", where, remedy);
    if (path.isDir())
        return;
    throw Error(
        plan ? "plans can be opened from version 0.4 on" : "this file is no plan", where, remedy);
}

QString storePath(const Options& options)
{
    if (!options.store.isEmpty())
        return options.store;
    QString fromEnvironment = qEnvironmentVariable("MOE_STORE");
    if (!fromEnvironment.isEmpty())
        return fromEnvironment;
    return QStandardPaths::writableLocation(QStandardPaths::GenericDataLocation)
        + QStringLiteral("/moe-workbench/store.sqlite");
}

void nameApplication()
{
    QCoreApplication::setApplicationName(QStringLiteral("moe-workbench"));
    QCoreApplication::setApplicationVersion(QStringLiteral(MOE_VERSION));
    QGuiApplication::setApplicationDisplayName(QStringLiteral("MoE Workbench"));
    QGuiApplication::setDesktopFileName(QStringLiteral("org.moe_workbench.workbench"));
}

void useFontOfPictures()
{
    QFont face(QStringLiteral("Noto Sans"));
    face.setPixelSize(13);
    QApplication::setFont(face);
}

} // namespace

int runProgram(int& argc, char** argv, const Options& options)
{
    refusePaths(options.open);
    choosePlatform(options);
    const bool headlessDemo = options.demo && options.screenshots.isEmpty() && !hasDisplay();
    nameApplication();
    QApplication application(argc, argv);
    const bool pictures = !options.screenshots.isEmpty()
        || (options.demo && QGuiApplication::platformName() == QLatin1String("offscreen")
            && (headlessDemo || !qEnvironmentVariableIsSet("DISPLAY")));
    if (pictures)
        useFontOfPictures();

    // pictures come out the same whatever the user has arranged
    QTemporaryDir scratch;
    shell::Settings settings(
        pictures ? scratch.filePath(QStringLiteral("settings.ini")) : QString());
    shell::installTranslations(
        application, options.language.isEmpty() ? settings.language() : options.language);
    shell::ThemeSource::install(application,
        options.theme.value_or(pictures ? shell::ThemeChoice::Light : settings.theme()));

    shell::LogModel log;
    const shell::LogCollector collector(log);
    shell::MainWindow window(settings, storePath(options), log);
    Conductor conductor(window, options, storePath(options), pictures);
    window.restore();
    if (options.size || pictures)
        window.resize(options.size.value_or(QSize(1600, 1000)));
    window.show();

    int status = 0;
    SignalCatcher catcher;
    QObject::connect(&catcher, &SignalCatcher::caught, &conductor, [&](int signal) {
        status = 128 + signal;
        conductor.stopAndQuit();
    });
    if (options.quitAfterSeconds)
        QTimer::singleShot(std::chrono::milliseconds(std::lround(*options.quitAfterSeconds * 1000)),
            &conductor, &Conductor::stopAndQuit);
    QTimer::singleShot(0, &conductor, &Conductor::begin);
    const int result = QApplication::exec();
    if (!pictures)
        window.save();
    return status != 0 ? status : result;
}

} // namespace moe::workbench
