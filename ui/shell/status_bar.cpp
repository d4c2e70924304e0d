// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/status_bar.h"

#include "ui/shell/theme.h"

#include <QAction>
#include <QFileInfo>
#include <QLabel>
#include <QLocale>
#include <QPainter>
#include <QToolButton>

#include <array>

namespace moe::shell {

namespace {

/// A word in the status bar that can be clicked.
class StatusButton : public QToolButton {
public:
    StatusButton(QColor Theme::*ink, QWidget* parent)
        : QToolButton(parent)
        , m_ink(ink)
    {
        setFont(shell::font(TextRole::Secondary));
        setAutoRaise(true);
        setFocusPolicy(Qt::TabFocus);
        setToolButtonStyle(Qt::ToolButtonTextOnly);
        setAttribute(Qt::WA_Hover);
    }
    QSize sizeHint() const override
    {
        return {fontMetrics().horizontalAdvance(text()) + px(12), px(22)};
    }

protected:
    void paintEvent(QPaintEvent*) override
    {
        QPainter painter(this);
        const bool on = isCheckable() && isChecked();
        if (isDown() || on || underMouse())
            painter.fillRect(rect(),
                on || isDown() ? theme().sel : Theme::blend(theme().text, theme().window, 0.05));
        painter.setPen(on ? theme().selText : theme().*m_ink);
        painter.drawText(rect(), Qt::AlignCenter, text());
        if (hasFocus()) {
            painter.setPen(QPen(theme().accent, 2));
            painter.drawRect(rect().adjusted(1, 1, -1, -1));
        }
    }

private:
    QColor Theme::*m_ink;
};

} // namespace

QString sizeText(qint64 bytes)
{
    static constexpr std::array<const char*, 5> kUnits = {"B", "kB", "MB", "GB", "TB"};
    double value = static_cast<double>(bytes);
    size_t unit = 0;
    while (value >= 999.5 && unit + 1 < kUnits.size()) {
        value /= 1000;
        ++unit;
    }
    const int decimals = unit >= 2 && value < 100 ? 1 : 0;
    return QLocale().toString(value, 'f', decimals) + QChar(0x202F)
        + QLatin1String(kUnits.at(unit));
}

StatusBar::StatusBar(QAction* log, QWidget* parent)
    : QStatusBar(parent)
    , m_device(makeLabel({}, TextRole::Secondary, &Theme::text2, false, this))
    , m_play(new QLabel(this))
    , m_run(makeLabel({}, TextRole::Secondary, &Theme::text2, false, this))
    , m_store(makeLabel({}, TextRole::Secondary, &Theme::text2, false, this))
    , m_warnings(new StatusButton(&Theme::warn, this))
{
    setSizeGripEnabled(false);
    setFixedHeight(px(24));
    setContentsMargins(px(10), 0, px(6), 0);
    m_warnings->setObjectName(QStringLiteral("warningsButton"));
    auto* logButton = new StatusButton(&Theme::text2, this);
    logButton->setDefaultAction(log);
    logButton->setAccessibleName(tr("Show the log"));
    addWidget(m_device, 1);
    addPermanentWidget(m_play);
    addPermanentWidget(m_run);
    addPermanentWidget(m_store);
    addPermanentWidget(m_warnings);
    addPermanentWidget(logButton);
    connect(m_warnings, &QToolButton::clicked, this, &StatusBar::warningsClicked);
    setWarnings(0);
}

void StatusBar::setDevice(const QString& text)
{
    m_device->setText(text);
}

void StatusBar::setRun(const QString& text, bool live)
{
    m_play->setPixmap(
        iconPixmap(QStringLiteral("play"), theme().accent, px(12), devicePixelRatioF()));
    m_play->setVisible(live);
    m_run->setText(text);
    m_run->setVisible(!text.isEmpty());
}

void StatusBar::setStore(const QString& path, qint64 bytes)
{
    const QString name = QFileInfo(path).fileName();
    m_store->setText(bytes < 0 ? name : name + QLatin1Char(' ') + sizeText(bytes));
    m_store->setToolTip(path);
    m_store->setContentsMargins(px(10), 0, px(4), 0);
}

void StatusBar::setWarnings(int count)
{
    m_warnings->setText(tr("%n warning(s)", nullptr, count));
    m_warnings->setAccessibleName(m_warnings->text());
    m_warnings->setToolTip(tr("Show the log"));
    m_warnings->setVisible(count > 0);
    m_warnings->updateGeometry();
}

} // namespace moe::shell
