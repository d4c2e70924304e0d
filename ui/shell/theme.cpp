// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/theme.h"

#include "ui/shell/style.h"

#include <QApplication>
#include <QEvent>
#include <QFontDatabase>
#include <QFontInfo>
#include <QFontMetricsF>
#include <QPointer>

#include <algorithm>
#include <cmath>

// Outside the namespace, as Q_INIT_RESOURCE demands: the library is static.
static void loadResources()
{
    Q_INIT_RESOURCE(moe);
}

namespace moe::shell {

namespace {

/// Lives as long as the application object that it is a child of.
QPointer<ThemeSource>& installed()
{
    static QPointer<ThemeSource> source;
    return source;
}

QPalette paletteOf(const Theme& t)
{
    QPalette p;
    const auto set = [&p](QPalette::ColorRole role, const QColor& color, const QColor& disabled) {
        p.setColor(QPalette::Active, role, color);
        p.setColor(QPalette::Inactive, role, color);
        p.setColor(QPalette::Disabled, role, disabled);
    };
    set(QPalette::Window, t.window, t.window);
    set(QPalette::Button, t.window, t.window);
    set(QPalette::Base, t.base, t.base);
    set(QPalette::AlternateBase, t.alt, t.alt);
    set(QPalette::Light, t.base, t.base);
    set(QPalette::Midlight, t.hover, t.hover);
    set(QPalette::Mid, t.line, t.line);
    set(QPalette::Dark, t.border, t.line);
    set(QPalette::Shadow, t.border, t.line);
    set(QPalette::Text, t.text, t.disabled);
    set(QPalette::WindowText, t.text, t.disabled);
    set(QPalette::ButtonText, t.text, t.disabled);
    set(QPalette::BrightText, t.onAccent, t.disabled);
    set(QPalette::PlaceholderText, t.text3, t.disabled);
    set(QPalette::Link, t.accent, t.disabled);
    set(QPalette::LinkVisited, t.accent, t.disabled);
    set(QPalette::Highlight, t.sel, t.hover);
    set(QPalette::HighlightedText, t.selText, t.disabled);
    set(QPalette::ToolTipBase, t.base, t.base);
    set(QPalette::ToolTipText, t.text, t.text);
    return p;
}

double luminance(const QColor& color)
{
    const auto channel = [](double v) {
        return v <= 0.03928 ? v / 12.92 : std::pow((v + 0.055) / 1.055, 2.4);
    };
    return 0.2126 * channel(color.redF()) + 0.7152 * channel(color.greenF())
        + 0.0722 * channel(color.blueF());
}

/// The desktop asks for high contrast: black on white or white on black, nearly.
bool isHighContrast(const QPalette& system)
{
    const double a = luminance(system.color(QPalette::Base));
    const double b = luminance(system.color(QPalette::Text));
    const double c = luminance(system.color(QPalette::Window));
    const double d = luminance(system.color(QPalette::WindowText));
    const auto ratio = [](double x, double y) {
        return (std::max(x, y) + 0.05) / (std::min(x, y) + 0.05);
    };
    return std::min(ratio(a, b), ratio(c, d)) > 20;
}

/// High contrast: the desktop's palette for the chrome, our colours for the plots.
void takeChrome(Theme& t, const QPalette& system)
{
    t.window = system.color(QPalette::Window);
    t.base = t.alt = system.color(QPalette::Base);
    t.hover = Theme::blend(system.color(QPalette::Text), t.base, 0.15);
    t.text = t.text2 = t.text3 = system.color(QPalette::Text);
    t.line = t.border = t.text;
    t.disabled = system.color(QPalette::Disabled, QPalette::Text);
    t.sel = system.color(QPalette::Highlight);
    t.selText = system.color(QPalette::HighlightedText);
}

double factorOf(TextRole role)
{
    switch (role) {
    case TextRole::Caption:
        return 0.85;
    case TextRole::Secondary:
        return 0.92;
    case TextRole::Body:
        return 1.0;
    case TextRole::Chat:
        return 1.08;
    case TextRole::Section:
        return 1.15;
    case TextRole::Readout:
        return 1.4;
    case TextRole::Title:
        return 2.0;
    }
    return 1.0;
}

const QString& chineseFamily()
{
    static const QString name = QStringLiteral("Noto Sans CJK SC");
    return name;
}

/// Left to itself Qt 6.4 takes the first Chinese face that fontconfig names, often a bold one;
/// named as the second family it is matched by weight.
void nameChineseFace()
{
    QFont body = QApplication::font();
    if (!QFontDatabase::hasFamily(chineseFamily()) || body.families().contains(chineseFamily()))
        return;
    body.setFamilies({QFontInfo(body).family(), chineseFamily()});
    QApplication::setFont(body);
}

bool digitsAreEqual(const QFont& candidate)
{
    const QFontMetricsF metrics(candidate);
    const double first = metrics.horizontalAdvance(QLatin1Char('0'));
    for (char digit = '1'; digit <= '9'; ++digit) {
        if (std::abs(metrics.horizontalAdvance(QLatin1Char(digit)) - first) > 0.01)
            return false;
    }
    return true;
}

} // namespace

ThemeSource::ThemeSource(QApplication& application)
    : QObject(&application)
    , m_application(application)
{
    application.installEventFilter(this);
}

ThemeSource& ThemeSource::instance()
{
    if (!installed()) // a widget used without a program round it, as tests do
        install(*qobject_cast<QApplication*>(QCoreApplication::instance()), ThemeChoice::Light);
    return *installed();
}

void ThemeSource::install(QApplication& application, ThemeChoice choice)
{
    loadResources();
    nameChineseFace();
    if (!installed())
        installed() = new ThemeSource(application);
    installed()->m_choice = choice;
    installed()->apply();
}

void ThemeSource::choose(ThemeChoice choice)
{
    if (choice == m_choice)
        return;
    m_choice = choice;
    apply();
}

bool ThemeSource::eventFilter(QObject* watched, QEvent* event)
{
    if (event->type() == QEvent::ThemeChange && !m_applying)
        QMetaObject::invokeMethod(this, &ThemeSource::apply, Qt::QueuedConnection);
    return QObject::eventFilter(watched, event);
}

void ThemeSource::apply()
{
    m_applying = true;
    m_application.setPalette(QPalette()); // back to the desktop's own, to read it
    const QPalette system = m_application.palette();
    const bool systemDark = system.color(QPalette::Window).lightness() < 128;
    const bool dark
        = m_choice == ThemeChoice::Dark || (m_choice == ThemeChoice::System && systemDark);
    m_theme = dark ? Theme::darkTheme() : Theme::light();
    const bool highContrast = m_choice == ThemeChoice::System && isHighContrast(system);
    if (highContrast)
        takeChrome(m_theme, system);
    if (!qobject_cast<Style*>(m_application.style()))
        m_application.setStyle(new Style);
    m_application.setPalette(highContrast ? system : paletteOf(m_theme));
    m_applying = false;
    Q_EMIT changed();
}

int em()
{
    // Fonts with tight lines (DejaVu Sans) have wide letters: sizes never fall below Noto's.
    const QFont body = QApplication::font();
    const int least = static_cast<int>(std::lround(QFontInfo(body).pixelSize() * 18.0 / 13.0));
    return std::max(QFontMetrics(body).height(), least);
}

int px(double pixels)
{
    const double scaled = pixels * em() / 18.0;
    return pixels > 0 ? std::max(1, static_cast<int>(std::lround(scaled)))
                      : static_cast<int>(std::lround(scaled));
}

QFont font(TextRole role, bool semibold)
{
    QFont result = QApplication::font();
    const double factor = factorOf(role);
    if (result.pixelSize() > 0)
        result.setPixelSize(
            std::max(1, static_cast<int>(std::lround(result.pixelSize() * factor))));
    else
        result.setPointSizeF(result.pointSizeF() * factor);
    result.setWeight(semibold ? QFont::DemiBold : QFont::Normal);
    return result;
}

QFont numberFont(TextRole role, bool semibold)
{
    QFont result = font(role, semibold);
    if (!digitsAreEqual(result)) {
        const QString noto = QStringLiteral("Noto Sans");
        const QString digits
            = QFontDatabase::hasFamily(noto) ? noto : QStringLiteral("DejaVu Sans");
        result.setFamilies({digits, chineseFamily()});
    }
    return result;
}

} // namespace moe::shell
