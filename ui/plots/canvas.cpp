// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/plots/canvas.h"

#include "ui/shell/theme.h"

#include <QSvgGenerator>

namespace moe::plots {

QCustomPlot* makeCanvas(QWidget* parent)
{
    auto* canvas = new QCustomPlot(parent);
    canvas->setInteractions({});
    canvas->setPlottingHints(
        QCP::phCacheLabels); // no repaint() at once: one paint a window a frame
    canvas->setFocusPolicy(Qt::NoFocus);
    canvas->setMouseTracking(true);
    canvas->setAttribute(Qt::WA_NoMousePropagation, false); // menus are asked of the plot round it
    canvas->setMinimumSize(1, 1); // a buffer of no pixels cannot be painted on
    canvas->setAttribute(Qt::WA_OpaquePaintEvent);
    canvas->addLayer(QLatin1String(kMarksLayer), canvas->layer(QLatin1String("legend")));
    // QCustomPlot makes the layer `overlay` itself, on top and with a buffer of its own.
    canvas->layer(QLatin1String(kOverlayLayer))->setMode(QCPLayer::lmBuffered);
    canvas->plotLayout()->setRowSpacing(0);
    canvas->plotLayout()->setColumnSpacing(0);
    return canvas;
}

void themeAxes(QCustomPlot& canvas, QCPAxisRect& rect)
{
    const shell::Theme& theme = shell::theme();
    canvas.setBackground(QBrush(theme.base));
    const QPen axisPen(theme.axis, 1);
    for (QCPAxis* axis : rect.axes()) {
        const bool bottom = axis->axisType() == QCPAxis::atBottom;
        axis->setBasePen(bottom ? axisPen : QPen(Qt::NoPen));
        axis->setTickPen(bottom ? axisPen : QPen(Qt::NoPen));
        axis->setTickLength(0, bottom ? shell::px(4) : 0);
        axis->setSubTicks(false);
        axis->setTickLabelPadding(shell::px(bottom ? 2 : 7));
        axis->setTickLabelFont(shell::numberFont(shell::TextRole::Caption));
        axis->setTickLabelColor(theme.text3);
        axis->grid()->setVisible(axis->axisType() == QCPAxis::atLeft);
        axis->grid()->setPen(QPen(theme.grid, 1));
        axis->grid()->setZeroLinePen(QPen(theme.grid, 1));
        axis->grid()->setAntialiased(false);
        axis->setAntialiased(false);
    }
}

void redrawOverlay(QCustomPlot& canvas)
{
    canvas.layer(QLatin1String(kOverlayLayer))->replot();
}

bool savePng(QCustomPlot& canvas, const QString& path, double scale)
{
    return canvas.toPixmap(canvas.width(), canvas.height(), scale).save(path, "PNG");
}

bool saveSvg(
    QCustomPlot& canvas, const QString& path, const QString& title, const QString& description)
{
    QSvgGenerator generator;
    generator.setFileName(path);
    generator.setSize(canvas.size());
    generator.setViewBox(QRect(QPoint(0, 0), canvas.size()));
    generator.setTitle(title);
    generator.setDescription(description);
    QCPPainter painter;
    if (!painter.begin(&generator))
        return false;
    painter.setMode(QCPPainter::pmVectorized);
    painter.setMode(QCPPainter::pmNoCaching);
    painter.fillRect(canvas.rect(), shell::theme().base);
    canvas.toPainter(&painter, canvas.width(), canvas.height());
    return painter.end();
}

} // namespace moe::plots
