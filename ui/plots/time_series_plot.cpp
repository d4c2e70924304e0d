// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/plots/time_series_plot.h"

#include "ui/plots/time_series_impl.h"
#include "ui/shell/theme.h"

#include <QVBoxLayout>

#include <algorithm>
#include <cmath>

namespace moe::plots {

using shell::px;

namespace {

/// Below this many pixels a plot has no room for the crosshair's pill.
constexpr int kLeastPillWidth = 240;
constexpr double kFrameMilliseconds = 8; ///< a replot that takes longer lags behind a hand
constexpr int kRestMilliseconds = 200;

} // namespace

TimeSeriesPlot::Impl::Impl(TimeSeriesPlot& owner)
    : q(owner)
    , canvas(makeCanvas(&owner))
    , rect(canvas->axisRect())
    , xAxis(canvas->xAxis)
    , yAxis(canvas->yAxis)
    , xTicker(new RoundTicker(TickKind::Step))
    , yTicker(new RoundTicker(TickKind::Value))
    , curves(new CurvesLayer(xAxis, yAxis))
    , marks(new PlotMarks(canvas, rect))
    , cross(new Crosshair(canvas, rect))
{
    rect->setAutoMargins(QCP::msNone);
    xAxis->setTicker(xTicker);
    yAxis->setTicker(yTicker);
    rest.setSingleShot(true);
    rest.setInterval(kRestMilliseconds);
    rest.callOnTimeout(&owner, [this] { rested(); });
}

void TimeSeriesPlot::Impl::hurry()
{
    if (live || fullMilliseconds < kFrameMilliseconds)
        return;
    curves->setLive(true);
    rest.start();
}

void TimeSeriesPlot::Impl::rested()
{
    if (drag || live)
        return; // letting go brings full quality
    curves->setLive(false);
    q.refresh();
}

void TimeSeriesPlot::Impl::retheme()
{
    themeAxes(*canvas, *rect);
    q.refresh();
}

QCPRange TimeSeriesPlot::Impl::fittedX() const
{
    QCPRange range = curves->keyRange().value_or(QCPRange(0, 1));
    if (range.lower >= 0 && range.lower <= 0.02 * range.upper + 1)
        range.lower = 0; // a run starts at 0, though its first record is step 1
    if (!(range.upper > range.lower))
        range.upper = range.lower + 1;
    return range;
}

QCPRange TimeSeriesPlot::Impl::fittedY(const QCPRange& x) const
{
    QCPRange range = curves->valueRange(x).value_or(QCPRange(0, 1));
    double span = range.size();
    if (span == 0)
        span = range.upper == 0 ? 1 : std::abs(range.upper) * 0.1;
    for (const Limit& limit : marks->limits) // a limit far from the data would flatten it
        if (limit.y >= range.lower - span && limit.y <= range.upper + span)
            range.expand(limit.y);
    span = std::max(span, range.size());
    const bool fromZero = range.lower >= 0 && range.lower < 0.35 * range.upper + 1e-300;
    const double low = yLow.value_or(fromZero ? 0 : range.lower - 0.05 * span);
    const double high = yHigh.value_or(range.upper + 0.08 * span);
    return high > low ? QCPRange(low, high) : QCPRange(low, low + span);
}

void TimeSeriesPlot::Impl::prepare()
{
    if (canvas->bufferDevicePixelRatio() != q.devicePixelRatioF())
        canvas->setBufferDevicePixelRatio(q.devicePixelRatioF());
    xAxis->setTickLabels(xLabels);
    const QCPRange x = view.x.value_or(fittedX());
    xAxis->setRange(x);
    yAxis->setRange(view.y.value_or(fittedY(x)));
    const int height = std::max(1, canvas->height() - px(8) - px(xLabels ? 20 : 8));
    yTicker->setLength(height, px(20));
    leftShown = std::max(px(left), widestYLabel() + yAxis->tickLabelPadding() + px(4));
    rect->setMargins(QMargins(leftShown, px(8), px(right), px(xLabels ? 20 : 8)));
    const int width = std::max(1, canvas->width() - leftShown - px(right));
    xTicker->setLength(width, px(isTime ? 76 : 62));
    marks->labelMargin = px(right);
    placePill();
    placeEndLabels();
}

int TimeSeriesPlot::Impl::widestYLabel() const
{
    QVector<double> ticks;
    QVector<QString> labels;
    yTicker->generate(yAxis->range(), numberLocale(), QLatin1Char('f'), 6, ticks, nullptr, &labels);
    const QFontMetrics metrics(yAxis->tickLabelFont());
    int widest = 0;
    for (qsizetype i = 0; i < std::min(ticks.size(), labels.size()); ++i)
        if (yAxis->range().contains(ticks[i]))
            widest = std::max(widest, metrics.horizontalAdvance(labels[i]));
    return widest;
}

void TimeSeriesPlot::Impl::placeEndLabels()
{
    marks->endLabels.clear();
    const QCPRange x = xAxis->range(), y = yAxis->range();
    for (const CurvesLayer::Curve& curve : curves->curves()) {
        if (!curve.visible || !curve.style.endLabel || curve.style.raw)
            continue;
        std::optional<size_t> at = curve.data.nearest(x.upper);
        while (at && *at > 0 && !std::isfinite(curve.data.y()[*at]))
            --*at;
        if (!at || !std::isfinite(curve.data.y()[*at]) || !x.contains(curve.data.x()[*at]))
            continue;
        const double value = std::clamp(curve.data.y()[*at], y.lower, y.upper);
        marks->endLabels.push_back(
            {yAxis->coordToPixel(value), curve.style.name, curve.style.color, true});
    }
}

QString TimeSeriesPlot::Impl::positionText(double x) const
{
    return isTime ? durationText(x) : TimeSeriesPlot::tr("step %1").arg(numberText(x, 0));
}

void TimeSeriesPlot::Impl::placePill()
{
    const int width = canvas->width() - leftShown - px(right);
    const bool pill = cross->x && xLabels && width >= px(kLeastPillWidth);
    cross->pillText = pill ? positionText(*cross->x) : QString();
}

void TimeSeriesPlot::Impl::updateCrosshair()
{
    placePill();
    if (q.isVisible())
        redrawOverlay(*canvas);
}

TimeSeriesPlot::TimeSeriesPlot(QWidget* parent)
    : QWidget(parent)
    , m_impl(std::make_unique<Impl>(*this))
{
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(m_impl->canvas);
    setFocusPolicy(Qt::StrongFocus);
    setAccessibleDescription(tr("Line plot. Arrow keys move the crosshair, plus and minus zoom, "
                                "Backspace goes back, Home shows everything."));
    m_impl->retheme();
    m_impl->canvas->installEventFilter(this);
    installEventFilter(this);
    connect(m_impl->canvas, &QCustomPlot::beforeReplot, this, [this] {
        m_impl->clock.start();
        m_impl->prepare();
    });
    connect(m_impl->canvas, &QCustomPlot::afterReplot, this, [this] {
        m_impl->replotMilliseconds = double(m_impl->clock.nsecsElapsed()) / 1e6;
        if (!m_impl->curves->isLive())
            m_impl->fullMilliseconds = m_impl->replotMilliseconds;
        Q_EMIT legendChanged();
    });
    connect(&shell::ThemeSource::instance(), &shell::ThemeSource::changed, this,
        [this] { m_impl->retheme(); });
}

TimeSeriesPlot::~TimeSeriesPlot()
{
    removeEventFilter(this);
    m_impl->canvas->removeEventFilter(this);
    delete m_impl->canvas; // before the parts of Impl that its layers name
}

int TimeSeriesPlot::addCurve(const CurveStyle& style)
{
    m_impl->curves->curves().push_back({style, {}, true});
    refresh();
    return curves() - 1;
}

void TimeSeriesPlot::setStyle(int curve, const CurveStyle& style)
{
    m_impl->curves->curves().at(size_t(curve)).style = style;
    refresh();
}

void TimeSeriesPlot::clearCurves()
{
    m_impl->curves->curves().clear();
    refresh();
}

int TimeSeriesPlot::curves() const
{
    return int(m_impl->curves->curves().size());
}

void TimeSeriesPlot::setData(int curve, std::span<const double> x, std::span<const double> y)
{
    m_impl->curves->curves().at(size_t(curve)).data.assign(x, y);
    refresh();
}

void TimeSeriesPlot::setVisible(int curve, bool visible)
{
    m_impl->curves->curves().at(size_t(curve)).visible = visible;
    refresh();
}

void TimeSeriesPlot::setMarkers(const std::vector<EventMarker>& markers, bool drawFlags)
{
    m_impl->marks->markers = markers;
    m_impl->marks->drawFlags = drawFlags;
    refresh();
}

void TimeSeriesPlot::setLimits(const std::vector<Limit>& limits)
{
    m_impl->marks->limits = limits;
    refresh();
}

void TimeSeriesPlot::setYRange(std::optional<double> low, std::optional<double> high)
{
    m_impl->yLow = low;
    m_impl->yHigh = high;
    refresh();
}

void TimeSeriesPlot::setXRange(std::optional<double> low, std::optional<double> high)
{
    Impl::View view = m_impl->view;
    view.x.reset();
    if (low || high) {
        const QCPRange fitted = m_impl->fittedX();
        const double from = low.value_or(fitted.lower), to = high.value_or(fitted.upper);
        view.x = to > from ? QCPRange(from, to) : QCPRange(from, from + 1);
    }
    m_impl->show(view, false);
}

void TimeSeriesPlot::setXIsTime(bool seconds)
{
    m_impl->isTime = seconds;
    m_impl->xTicker->setKind(seconds ? TickKind::Duration : TickKind::Step);
    m_impl->updateCrosshair();
    refresh();
}

void TimeSeriesPlot::setYDecimals(int decimals, double scale)
{
    m_impl->decimals = decimals;
    m_impl->scale = scale;
    m_impl->yTicker->setScale(scale);
    refresh();
}

void TimeSeriesPlot::setMargins(int left, int right)
{
    m_impl->left = left;
    m_impl->right = right;
    refresh();
}

void TimeSeriesPlot::setLive(bool live)
{
    if (m_impl->live == live)
        return;
    m_impl->live = live;
    m_impl->curves->setLive(live);
    refresh();
}

void TimeSeriesPlot::setXAxisLabelsVisible(bool visible)
{
    m_impl->xLabels = visible;
    m_impl->updateCrosshair();
    refresh();
}

void TimeSeriesPlot::setCrosshair(std::optional<double> x)
{
    if (m_impl->cross->x == x)
        return;
    m_impl->cross->x = x;
    m_impl->updateCrosshair();
    Q_EMIT legendChanged();
}

std::optional<double> TimeSeriesPlot::crosshair() const
{
    return m_impl->cross->x;
}

std::vector<LegendEntry> TimeSeriesPlot::legend() const
{
    std::vector<LegendEntry> entries;
    for (size_t i = 0; i < m_impl->curves->curves().size(); ++i) {
        const CurvesLayer::Curve& curve = m_impl->curves->curves()[i];
        if (!curve.visible || !curve.style.inLegend || curve.style.raw)
            continue;
        std::optional<double> value;
        if (m_impl->cross->x)
            value = valueAt(int(i), *m_impl->cross->x);
        else if (!curve.data.empty())
            value = curve.data.y().back();
        entries.push_back({curve.style.name,
            value ? numberText(*value * m_impl->scale, m_impl->decimals) : QStringLiteral("—"),
            curve.style.color, curve.style.dashed});
    }
    return entries;
}

std::optional<double> TimeSeriesPlot::valueAt(int curve, double x) const
{
    const ReducedCurve& points = m_impl->curves->curves().at(size_t(curve)).data;
    const std::optional<size_t> at = points.nearest(x);
    const double reach = m_impl->xAxis->range().size() / std::max(1, m_impl->rect->width());
    if (!at || x < points.x().front() - reach || x > points.x().back() + reach
        || !std::isfinite(points.y()[*at]))
        return {};
    return points.y()[*at];
}

void TimeSeriesPlot::refresh()
{
    if (!isVisible())
        m_impl->stale = true; // replotted when it is shown
    else
        m_impl->canvas->replot(QCustomPlot::rpQueuedReplot);
}

double TimeSeriesPlot::lastReplotMilliseconds() const
{
    return m_impl->replotMilliseconds;
}

QPointF TimeSeriesPlot::pixelOf(double x, double y) const
{
    m_impl->prepare();
    return {m_impl->xAxis->coordToPixel(x), m_impl->yAxis->coordToPixel(y)};
}

QSize TimeSeriesPlot::sizeHint() const
{
    return {px(640), px(162)};
}

void TimeSeriesPlot::changeEvent(QEvent* event)
{
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange || event->type() == QEvent::FontChange
        || event->type() == QEvent::LanguageChange)
        m_impl->retheme();
}

} // namespace moe::plots
