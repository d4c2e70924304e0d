// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/plots/heatmap_plot.h"

#include "ui/plots/heatmap_impl.h"
#include "ui/plots/plot_csv.h"
#include "ui/shell/theme.h"

#include <QVBoxLayout>

#include <algorithm>
#include <cmath>

namespace moe::plots {

using shell::px;

void HeatmapOverlay::draw(QCPPainter* painter)
{
    const shell::Theme& theme = shell::theme();
    painter->setBrush(Qt::NoBrush);
    painter->setAntialiasing(true);
    if (row) {
        painter->setPen(QPen(theme.text, 1.5, Qt::SolidLine, Qt::SquareCap, Qt::MiterJoin));
        painter->drawRect(row->adjusted(-0.25, -0.25, 0.25, 0.25));
    }
    for (const auto& [centre, rank] : dots)
        drawDot(*painter, centre, rank);
    painter->setAntialiasing(false);
    if (hovered)
        drawFrame(*painter, *hovered, 1, theme.text);
    if (current) { // round the cell, and never smaller than can be seen
        const double least = px(8);
        const double x = std::max(2.0, (least - current->width()) / 2);
        const double y = std::max(2.0, (least - current->height()) / 2);
        drawFrame(*painter, current->adjusted(-x, -y, x, y), 2, theme.accent);
    }
}

HeatmapPlot::Impl::Impl(HeatmapPlot& owner, Kind mapKind)
    : q(owner)
    , kind(mapKind)
    , canvas(makeCanvas(&owner))
    , inset(new QCPLayoutInset)
    , mapRect(canvas->axisRect())
    , barRect(new QCPAxisRect(canvas))
    , xAxis(mapRect->axis(QCPAxis::atBottom))
    , xTicker(new RoundTicker(TickKind::Step))
    , cells(new HeatmapCells(canvas, mapRect))
    , frame(new HeatmapFrame(canvas, mapRect, barRect, cells->data, mapKind))
    , overlay(new HeatmapOverlay(canvas, mapRect))
    , cross(new Crosshair(canvas, mapRect))
    , tooltip(new CellTooltip(&owner))
{
    canvas->plotLayout()->take(mapRect);
    canvas->plotLayout()->simplify();
    canvas->plotLayout()->addElement(0, 0, inset);
    for (QCPAxisRect* part : {mapRect, barRect}) {
        part->setAutoMargins(QCP::msNone);
        part->setMargins({});
        part->setMinimumMargins({});
        inset->addElement(part, QRectF(0, 0, 1, 1));
        for (QCPAxis* axis : part->axes())
            axis->setVisible(false);
        part->axis(QCPAxis::atLeft)->setRangeReversed(true); // row 0 on top
    }
    cells->framedCells = !steps();
    frame->tickEvery = steps() ? 1 : 4;
    xAxis->setVisible(steps());
    xAxis->setTicker(xTicker);
}

void HeatmapPlot::Impl::retheme()
{
    themeAxes(*canvas, *mapRect);
    xAxis->setBasePen(QPen(Qt::NoPen));
    mapRect->axis(QCPAxis::atLeft)->grid()->setVisible(false);
    for (QCPAxis* axis : barRect->axes())
        axis->grid()->setVisible(false);
    xAxis->grid()->setVisible(false);
    cells->invalidate();
    q.refresh();
}

void HeatmapPlot::Impl::place(QCPAxisRect* part, const QRect& rect)
{
    // QCPLayoutInset takes fractions and cuts to whole pixels: a quarter of one keeps it on ours.
    const double width = std::max(1, canvas->width()), height = std::max(1, canvas->height());
    for (int i = 0; i < inset->elementCount(); ++i)
        if (inset->elementAt(i) == part)
            inset->setInsetRect(i,
                QRectF((rect.left() + 0.25) / width, (rect.top() + 0.25) / height,
                    (rect.width() + 0.25) / width, (rect.height() + 0.25) / height));
    part->setVisible(!rect.isEmpty());
    part->setOuterRect(rect);
    part->setMinimumSize(0, 0);
    part->update(QCPLayoutElement::upLayout);
}

void HeatmapPlot::Impl::prepare()
{
    if (canvas->bufferDevicePixelRatio() != q.devicePixelRatioF())
        canvas->setBufferDevicePixelRatio(q.devicePixelRatioF());
    frame->layout = layoutHeatmap(kind, canvas->size(), data(), left, right);
    place(mapRect, frame->layout.map);
    place(barRect, frame->layout.bars);
    const double first = data().firstColumn;
    const double last = first + std::max(1, data().columns) * data().columnStep;
    const QCPRange x(steps() ? xLow.value_or(first) : first, steps() ? xHigh.value_or(last) : last);
    if (x != xAxis->range()) {
        xAxis->setRange(x.size() > 0 ? x : QCPRange(first, last));
        cells->invalidate();
    }
    for (QCPAxisRect* part : {mapRect, barRect})
        part->axis(QCPAxis::atLeft)->setRange(0, std::max(1, data().rows));
    xTicker->setLength(frame->layout.map.width(), px(62));
    placeFrames();
}

QRectF HeatmapPlot::Impl::cellRect(Cell cell) const
{
    const QCPAxis& rows = *mapRect->axis(QCPAxis::atLeft);
    const double top = std::round(rows.coordToPixel(cell.row));
    const double bottom = std::round(rows.coordToPixel(cell.row + 1));
    const double from = std::round(xAxis->coordToPixel(columnX(cell.column)));
    const double to = std::round(xAxis->coordToPixel(columnX(cell.column + 1)));
    return QRectF(from, top, std::max(1.0, to - from), std::max(1.0, bottom - top));
}

void HeatmapPlot::Impl::placeFrames()
{
    const QRectF map = frame->layout.map;
    overlay->row.reset();
    overlay->hovered.reset();
    overlay->current.reset();
    overlay->dots.clear();
    if (data().rows <= 0 || data().columns <= 0)
        return;
    for (const CellMark& mark : trace) {
        if (mark.row >= 0 && mark.row < data().rows && mark.column >= 0
            && mark.column < data().columns)
            overlay->dots.emplace_back(cellRect({mark.row, mark.column}).center(), mark.rank);
    }
    if (frame->selectedRow >= 0 && frame->selectedRow < data().rows) {
        const QRectF cell = cellRect({frame->selectedRow, 0});
        overlay->row = QRectF(map.left(), cell.top(), map.width(), cell.height());
    }
    const QRectF hoveredRect = hovered.valid() ? cellRect(hovered) : QRectF();
    if (hoveredRect.width() >= 4 && !steps())
        overlay->hovered = hoveredRect;
    current = {std::clamp(current.row, 0, data().rows - 1),
        std::clamp(current.column, 0, data().columns - 1)};
    if (q.hasFocus())
        overlay->current = cellRect(current).intersected(map);
}

void HeatmapPlot::Impl::redrawFrames()
{
    placeFrames();
    if (q.isVisible())
        redrawOverlay(*canvas);
}

HeatmapPlot::HeatmapPlot(Kind kind, QWidget* parent)
    : QWidget(parent)
    , m_impl(std::make_unique<Impl>(*this, kind))
{
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(m_impl->canvas);
    setFocusPolicy(Qt::StrongFocus);
    setAccessibleDescription(
        tr("Map of utilisations. Arrow keys move the current cell, Enter opens its row."));
    m_impl->retheme();
    m_impl->canvas->installEventFilter(this);
    installEventFilter(this);
    connect(m_impl->canvas, &QCustomPlot::beforeReplot, this, [this] {
        m_impl->clock.start();
        m_impl->prepare();
    });
    connect(m_impl->canvas, &QCustomPlot::afterReplot, this,
        [this] { m_impl->replotMilliseconds = double(m_impl->clock.nsecsElapsed()) / 1e6; });
    connect(&shell::ThemeSource::instance(), &shell::ThemeSource::changed, this,
        [this] { m_impl->retheme(); });
}

HeatmapPlot::~HeatmapPlot()
{
    removeEventFilter(this);
    m_impl->canvas->removeEventFilter(this);
    delete m_impl->canvas; // before the parts of Impl that its layers name
}

void HeatmapPlot::setData(HeatmapData data)
{
    const size_t size = size_t(std::max(data.rows, 0)) * size_t(std::max(data.columns, 0));
    data.values.resize(size, NAN); // what a caller left out is "no data"
    if (!data.dead.empty())
        data.dead.resize(size, 0);
    if (!data.masked.empty())
        data.masked.resize(size, 0);
    m_impl->cells->data = std::move(data);
    m_impl->cells->invalidate();
    refresh();
}

const HeatmapData& HeatmapPlot::data() const
{
    return m_impl->data();
}

void HeatmapPlot::setRowLabels(const QString& axisName, int tickEvery)
{
    m_impl->rowName = axisName;
    m_impl->frame->tickEvery = tickEvery;
    refresh();
}

void HeatmapPlot::setSelectedRow(int row)
{
    if (row == m_impl->frame->selectedRow)
        return;
    m_impl->frame->selectedRow = row;
    refresh();
}

int HeatmapPlot::selectedRow() const
{
    return m_impl->frame->selectedRow;
}

void HeatmapPlot::setCapacityFactor(std::optional<double> factor)
{
    m_impl->frame->capacityFactor = factor;
    refresh();
}

void HeatmapPlot::setShortWords(bool shortWords)
{
    m_impl->frame->shortWords = shortWords;
    refresh();
}

void HeatmapPlot::setCellText(std::function<CellText(int row, int column)> text)
{
    m_impl->cellText = std::move(text);
}

void HeatmapPlot::setTrace(std::vector<CellMark> marks)
{
    m_impl->trace = std::move(marks);
    m_impl->redrawFrames();
}

void HeatmapPlot::setReplyWords(bool replyWords)
{
    m_impl->frame->replyWords = replyWords;
    refresh();
}

void HeatmapPlot::setDifferenceWords(const QString& negative, const QString& positive)
{
    m_impl->frame->differenceWords = {negative, positive};
    refresh();
}

void HeatmapPlot::setXRange(std::optional<double> low, std::optional<double> high)
{
    m_impl->xLow = low;
    m_impl->xHigh = high;
    refresh();
}

void HeatmapPlot::setCrosshair(std::optional<double> x)
{
    Impl& impl = *m_impl;
    if (impl.cross->x == x || !impl.steps())
        return;
    impl.cross->x = x;
    impl.cross->pillText = x ? tr("step %1").arg(numberText(*x, 0)) : QString();
    impl.redrawFrames();
}

void HeatmapPlot::setMarkers(const std::vector<EventMarker>& markers)
{
    m_impl->frame->markers = markers;
    refresh();
}

void HeatmapPlot::setMargins(int left, int right)
{
    m_impl->left = left;
    m_impl->right = right;
    refresh();
}

void HeatmapPlot::refresh()
{
    if (!isVisible())
        m_impl->stale = true; // replotted when it is shown
    else
        m_impl->canvas->replot(QCustomPlot::rpQueuedReplot);
}

double HeatmapPlot::lastReplotMilliseconds() const
{
    return m_impl->replotMilliseconds;
}

/// Exports show no hand's traces; the selected row is part of the picture.
template <class Save> bool HeatmapPlot::Impl::exportWith(Save save)
{
    const std::optional<double> x = std::exchange(cross->x, std::nullopt);
    const Cell cell = std::exchange(hovered, {});
    prepare();
    overlay->current.reset();
    const bool saved = save();
    cross->x = x;
    hovered = cell;
    cells->invalidate(); // made at the export's resolution
    q.refresh();
    return saved;
}

bool HeatmapPlot::exportPng(const QString& path, double scale)
{
    return m_impl->exportWith([&] { return savePng(*m_impl->canvas, path, scale); });
}

bool HeatmapPlot::exportSvg(const QString& path)
{
    const bool vectors = data().rows * data().columns <= kVectorCells;
    const QString how = vectors ? tr("Cells are rectangles.") : tr("Cells are one raster image.");
    return m_impl->exportWith(
        [&] { return saveSvg(*m_impl->canvas, path, accessibleName(), how); });
}

bool HeatmapPlot::exportCsv(const QString& path) const
{
    return writeHeatmapCsv(path, m_impl->rowName, data());
}

QPointF HeatmapPlot::pixelOf(int row, int column) const
{
    m_impl->prepare();
    return m_impl->cellRect({row, column}).center();
}

QRectF HeatmapPlot::mapRect() const
{
    m_impl->prepare();
    return m_impl->frame->layout.map;
}

QSize HeatmapPlot::sizeHint() const
{
    return {px(453), px(m_impl->steps() ? 370 : 764)};
}

void HeatmapPlot::changeEvent(QEvent* event)
{
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange || event->type() == QEvent::FontChange
        || event->type() == QEvent::LanguageChange)
        m_impl->retheme();
}

} // namespace moe::plots
