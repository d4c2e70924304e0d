// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/theme.h"

#include <QFile>
#include <QIconEngine>
#include <QPainter>
#include <QPixmapCache>
#include <QSvgRenderer>

#include <cmath>

namespace moe::shell {

namespace {

QByteArray svgOf(const QString& name)
{
    QFile file(QStringLiteral(":/moe/icons/%1.svg").arg(name));
    if (!file.open(QIODevice::ReadOnly)) {
        qWarning("no icon named %s in resources/icons", qUtf8Printable(name));
        return {};
    }
    return file.readAll();
}

QPixmap render(const QString& name, const QColor& color, QSize size)
{
    const QString key = QStringLiteral("moe-icon/%1/%2/%3x%4")
                            .arg(name, color.name(QColor::HexArgb))
                            .arg(size.width())
                            .arg(size.height());
    QPixmap pixmap;
    if (QPixmapCache::find(key, &pixmap))
        return pixmap;
    pixmap = QPixmap(size);
    pixmap.fill(Qt::transparent);
    QSvgRenderer renderer(svgOf(name).replace("currentColor", color.name().toLatin1()));
    QPainter painter(&pixmap);
    if (renderer.isValid())
        renderer.render(&painter);
    painter.end();
    QPixmapCache::insert(key, pixmap);
    return pixmap;
}

/// Draws the SVG in the colours of the theme in force at that moment: a theme switch needs no new
/// icons.
class SymbolicEngine : public QIconEngine {
public:
    SymbolicEngine(QString name, QColor Theme::*color)
        : m_name(std::move(name))
        , m_color(color)
    {
    }

    void paint(QPainter* painter, const QRect& rect, QIcon::Mode mode, QIcon::State state) override
    {
        const double ratio = painter->device() ? painter->device()->devicePixelRatioF() : 1.0;
        const QSize size(static_cast<int>(std::ceil(rect.width() * ratio)),
            static_cast<int>(std::ceil(rect.height() * ratio)));
        painter->drawPixmap(rect, pixmap(size, mode, state));
    }

    QPixmap pixmap(const QSize& size, QIcon::Mode mode, QIcon::State state) override
    {
        return render(m_name, colorFor(mode, state), size);
    }

    QIconEngine* clone() const override { return new SymbolicEngine(m_name, m_color); }

private:
    QColor colorFor(QIcon::Mode mode, QIcon::State state) const
    {
        const Theme& t = theme();
        if (mode == QIcon::Disabled)
            return t.disabled;
        if (mode == QIcon::Selected)
            return t.selText;
        return state == QIcon::On ? t.accent : t.*m_color;
    }

    QString m_name;
    QColor Theme::*m_color;
};

} // namespace

QIcon icon(const QString& name, QColor Theme::*color)
{
    return name.isEmpty() ? QIcon() : QIcon(new SymbolicEngine(name, color));
}

QPixmap iconPixmap(const QString& name, const QColor& color, int size, double devicePixelRatio)
{
    const int pixels = static_cast<int>(std::ceil(size * devicePixelRatio));
    QPixmap pixmap = render(name, color, QSize(pixels, pixels));
    pixmap.setDevicePixelRatio(devicePixelRatio);
    return pixmap;
}

} // namespace moe::shell
