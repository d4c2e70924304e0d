// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/workbench/options.h"

#include "kernels/devices.h"
#include "kernels/error.h"

#include <QRegularExpression>

#include <algorithm>
#include <cmath>

namespace moe::workbench {

namespace {

[[noreturn]] void refuse(const QString& what, const QString& remedy)
{
    throw UsageError(what.toStdString(), "command line", remedy.toStdString());
}

int64_t wholeNumber(const QString& option, const QString& text, int64_t least, int64_t most)
{
    bool ok = false;
    const qlonglong value = text.toLongLong(&ok);
    if (!ok || value < least || value > most)
        refuse(QStringLiteral("%1 %2 is not a whole number from %3 to %4")
                   .arg(option, text)
                   .arg(least)
                   .arg(most),
            QStringLiteral("give one, as in %1 %2").arg(option).arg(std::max<int64_t>(least, 2)));
    return value;
}

QSize sizeOf(const QString& text)
{
    static const QRegularExpression form(QStringLiteral("^(\\d{1,5})x(\\d{1,5})$"));
    const auto match = form.match(text);
    const QSize size(match.captured(1).toInt(), match.captured(2).toInt());
    if (!match.hasMatch() || size.width() < 1024 || size.height() < 680 || size.width() > 16384
        || size.height() > 16384)
        refuse(QStringLiteral("--size %1 is no size of a window").arg(text),
            QStringLiteral("write WIDTHxHEIGHT of at least 1024x680, as in --size 1280x800"));
    return size;
}

double secondsOf(const QString& text)
{
    bool ok = false;
    const double seconds = text.toDouble(&ok);
    if (!ok || !std::isfinite(seconds) || seconds < 0 || seconds > 1e6)
        refuse(QStringLiteral("--quit-after %1 is no number of seconds").arg(text),
            QStringLiteral("give one, as in --quit-after 30"));
    return seconds;
}

shell::ThemeChoice themeOf(const QString& text)
{
    if (text == QLatin1String("light"))
        return shell::ThemeChoice::Light;
    if (text == QLatin1String("dark"))
        return shell::ThemeChoice::Dark;
    refuse(
        QStringLiteral("--theme %1 is not known").arg(text), QStringLiteral("use light or dark"));
}

std::vector<int64_t> stepsOf(const QString& text)
{
    std::vector<int64_t> steps;
    for (const QString& part : text.split(QLatin1Char(',')))
        steps.push_back(wholeNumber(QStringLiteral("--screenshots-at"), part, 1, 1'000'000'000));
    std::sort(steps.begin(), steps.end());
    steps.erase(std::unique(steps.begin(), steps.end()), steps.end());
    return steps;
}

void take(Options& options, const QString& name, const QString& value)
{
    if (name == QLatin1String("--steps"))
        options.steps = wholeNumber(name, value, 1, 1'000'000'000);
    else if (name == QLatin1String("--open"))
        options.open = value;
    else if (name == QLatin1String("--theme"))
        options.theme = themeOf(value);
    else if (name == QLatin1String("--lang")) {
        if (value != QLatin1String("en") && value != QLatin1String("zh_CN"))
            refuse(QStringLiteral("--lang %1 is not known").arg(value),
                QStringLiteral("use en or zh_CN"));
        options.language = value;
    } else if (name == QLatin1String("--size"))
        options.size = sizeOf(value);
    else if (name == QLatin1String("--screenshots"))
        options.screenshots = value;
    else if (name == QLatin1String("--screenshots-at"))
        options.screenshotsAt = stepsOf(value);
    else if (name == QLatin1String("--quit-after"))
        options.quitAfterSeconds = secondsOf(value);
    else if (name == QLatin1String("--store"))
        options.store = value;
    else
        options.threads = static_cast<int>(wholeNumber(name, value, 0, kernels::kMostThreads));
}

bool takesValue(const QString& name)
{
    static const QStringList names{QStringLiteral("--steps"), QStringLiteral("--open"),
        QStringLiteral("--theme"), QStringLiteral("--lang"), QStringLiteral("--size"),
        QStringLiteral("--screenshots"), QStringLiteral("--screenshots-at"),
        QStringLiteral("--quit-after"), QStringLiteral("--store"), QStringLiteral("--threads")};
    return names.contains(name);
}

} // namespace

Options parseOptions(const QStringList& arguments)
{
    Options options;
    for (qsizetype i = 0; i < arguments.size(); ++i) {
        QString name = arguments.at(i);
        std::optional<QString> value;
        const qsizetype equals = name.indexOf(QLatin1Char('='));
        if (name.startsWith(QLatin1String("--")) && equals > 0) {
            value = name.mid(equals + 1);
            name.truncate(equals);
        }
        if (takesValue(name)) {
            if (!value && i + 1 < arguments.size())
                value = arguments.at(++i);
            if (!value || value->isEmpty())
                refuse(QStringLiteral("%1 has no value").arg(name),
                    QStringLiteral("moe-workbench --help lists what it takes"));
            take(options, name, *value);
        } else if (name == QLatin1String("--demo") && !value)
            options.demo = true;
        else if ((name == QLatin1String("--help") || name == QLatin1String("-h")) && !value)
            options.help = true;
        else if (name == QLatin1String("--version") && !value)
            options.version = true;
        else
            refuse(QStringLiteral("unknown option %1").arg(arguments.at(i)),
                QStringLiteral("moe-workbench --help lists the known ones"));
    }
    if (!options.screenshotsAt.empty() && options.screenshots.isEmpty())
        refuse(QStringLiteral("--screenshots-at has no folder to write to"),
            QStringLiteral("add --screenshots DIR"));
    if (options.demo && !options.open.isEmpty())
        refuse(QStringLiteral("--demo and --open %1 exclude each other").arg(options.open),
            QStringLiteral("give one of the two"));
    if (options.steps && !options.demo && options.screenshots.isEmpty())
        refuse(QStringLiteral("--steps belongs to --demo"), QStringLiteral("add --demo"));
    return options;
}

QString helpText()
{
    return QStringLiteral(
        "moe-workbench: train sparse mixture-of-experts models and watch them learn\n"
        "\n"
        "  --demo [--steps N]        train the demo model; without a display: offscreen, 120 "
        "steps,\n"
        "                            figures on standard output, pictures in ./demo-screenshots/\n"
        "  --open RUN                a run of the store: an id, a name or last\n"
        "  --theme light|dark        colours of this session\n"
        "  --lang en|zh_CN           language of this session\n"
        "  --size WxH                size of the window, at least 1024x680\n"
        "  --screenshots DIR         write pictures of every page from a real demo run, then exit\n"
        "  --screenshots-at STEP,…   also the Training page at these steps\n"
        "  --quit-after SECONDS      stop what runs (saved) and exit\n"
        "  --store FILE              the run store (else $MOE_STORE, else the data folder)\n"
        "  --threads N               threads that compute\n"
        "  --version, --help\n");
}

} // namespace moe::workbench
