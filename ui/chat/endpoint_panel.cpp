// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/chat/endpoint_panel.h"

#include "ui/chat/plain_table.h"
#include "ui/models/format.h"
#include "ui/models/request_table_model.h"
#include "ui/shell/settings.h"
#include "ui/shell/theme.h"

#include <QClipboard>
#include <QDateTime>
#include <QFormLayout>
#include <QGuiApplication>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QRandomGenerator>
#include <QSpinBox>
#include <QStandardItemModel>
#include <QTableView>
#include <QToolButton>
#include <QVBoxLayout>

#include <chrono>

namespace moe::chat {

using models::formatCount;
using models::RequestTableModel;
using shell::px;
using shell::TextRole;
using State = session::Endpoint::State;

namespace {

constexpr int kRefreshMilliseconds = 500;
constexpr int kRateMilliseconds = 5000; ///< that tokens a second are a mean of
constexpr int kKeyCharacters = 32; ///< of 62 kinds: 190 bits

QLabel* secondary(const QString& text, QColor shell::Theme::*color, QWidget* parent)
{
    QLabel* label = shell::makeLabel(text, TextRole::Secondary, color, false, parent);
    label->setWordWrap(true);
    return label;
}

QHBoxLayout* rowOf(const QList<QWidget*>& widgets)
{
    auto* row = new QHBoxLayout;
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(px(4));
    for (QWidget* widget : widgets)
        row->addWidget(widget, qobject_cast<QLineEdit*>(widget) != nullptr ? 1 : 0);
    return row;
}

void copyText(const QString& text)
{
    QGuiApplication::clipboard()->setText(text);
}

} // namespace

EndpointPanel::EndpointPanel(const session::Endpoint& endpoint, QWidget* parent)
    : QWidget(parent)
    , m_endpoint(endpoint)
    , m_state(secondary({}, &shell::Theme::text, this))
    , m_counts(secondary({}, &shell::Theme::text2, this))
    , m_rate(shell::makeLabel({}, TextRole::Secondary, &shell::Theme::text2, false, this))
    , m_noFailures(secondary(tr("None."), &shell::Theme::text2, this))
    , m_switch(new QPushButton(this))
    , m_host(new QLineEdit(QStringLiteral("127.0.0.1"), this))
    , m_key(new QLineEdit(this))
    , m_url(new QLineEdit(this))
    , m_port(new QSpinBox(this))
    , m_generate(shell::makeIconButton(QStringLiteral("refresh"), tr("Generate a key"), this))
    , m_copyUrl(shell::makeIconButton(QStringLiteral("copy"), tr("Copy the address"), this))
    , m_requests(new RequestTableModel(this))
    , m_failures(new QStandardItemModel(0, 3, this))
{
    m_state->setObjectName(QStringLiteral("endpointState"));
    m_switch->setObjectName(QStringLiteral("endpointSwitch"));
    connect(m_switch, &QPushButton::clicked, this, [this] {
        if (m_endpoint.state() == State::Off || m_endpoint.state() == State::On)
            Q_EMIT switched(m_endpoint.state() == State::Off);
    });
    makeTables();
    auto* top = new QHBoxLayout;
    top->addWidget(m_state, 1);
    top->addWidget(m_switch);
    auto* figures = new QHBoxLayout;
    figures->addWidget(m_counts, 1);
    figures->addWidget(m_rate);
    const auto heading = [this](const QString& text) {
        return shell::makeLabel(text, TextRole::Body, &shell::Theme::text, true, this);
    };
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(px(12), px(2), px(12), px(8));
    column->setSpacing(px(8));
    column->addLayout(top);
    column->addWidget(
        secondary(tr("Programs that speak OpenAI's API can use the open model while this is on."),
            &shell::Theme::text2, this));
    column->addWidget(makeFields());
    column->addWidget(heading(tr("Requests")));
    column->addLayout(figures);
    column->addWidget(m_requestTable, 2);
    column->addWidget(heading(tr("Last errors")));
    column->addWidget(m_noFailures);
    column->addWidget(m_failureTable, 3);
    column->addStretch(0);
    setBackgroundRole(QPalette::Base);
    setAutoFillBackground(true);
    m_timer.setInterval(kRefreshMilliseconds);
    connect(&m_timer, &QTimer::timeout, this, &EndpointPanel::refresh);
    connect(&m_endpoint, &session::Endpoint::changed, this, &EndpointPanel::showState);
    setFocusProxy(m_switch);
    m_clock.start();
    showState();
}

QWidget* EndpointPanel::makeFields()
{
    auto* box = new QWidget(this);
    m_host->setObjectName(QStringLiteral("endpointHost"));
    m_host->setAccessibleName(tr("Listen on"));
    m_host->setToolTip(tr("An address of this machine: 127.0.0.1 is reached from here alone, "
                          "0.0.0.0 from the whole network"));
    m_port->setObjectName(QStringLiteral("endpointPort"));
    m_port->setAccessibleName(tr("Port"));
    m_port->setToolTip(tr("0: any port that is free"));
    m_port->setRange(0, 65535);
    m_port->setValue(8080);
    m_port->setGroupSeparatorShown(false);
    m_port->setButtonSymbols(QAbstractSpinBox::NoButtons);
    m_port->setFixedWidth(px(60));
    m_key->setObjectName(QStringLiteral("endpointKey"));
    m_key->setAccessibleName(tr("Key"));
    m_key->setEchoMode(QLineEdit::Password);
    m_key->setPlaceholderText(tr("none"));
    m_key->setToolTip(tr("Clients send it as the API key. Only 127.0.0.1 may do without"));
    m_generate->setObjectName(QStringLiteral("endpointGenerate"));
    connect(m_generate, &QToolButton::clicked, this, &EndpointPanel::generateKey);
    auto* shown = shell::makeIconButton(QStringLiteral("eye"), tr("Show the key"), box);
    shown->setObjectName(QStringLiteral("endpointShowKey"));
    shown->setCheckable(true);
    connect(shown, &QToolButton::toggled, this,
        [this](bool on) { m_key->setEchoMode(on ? QLineEdit::Normal : QLineEdit::Password); });
    auto* copyKey = shell::makeIconButton(QStringLiteral("copy"), tr("Copy the key"), box);
    copyKey->setObjectName(QStringLiteral("endpointCopyKey"));
    connect(copyKey, &QToolButton::clicked, this, [this] { copyText(m_key->text()); });
    m_url->setObjectName(QStringLiteral("endpointUrl"));
    m_url->setAccessibleName(tr("Address for clients"));
    m_url->setReadOnly(true);
    m_copyUrl->setObjectName(QStringLiteral("endpointCopyUrl"));
    connect(m_copyUrl, &QToolButton::clicked, this, [this] { copyText(m_url->text()); });
    const auto name = [box](const QString& text, QWidget* buddy) {
        QLabel* label
            = shell::makeLabel(text, TextRole::Secondary, &shell::Theme::text2, false, box);
        label->setBuddy(buddy);
        return label;
    };
    auto* form = new QFormLayout(box);
    form->setContentsMargins(0, 0, 0, 0);
    form->setHorizontalSpacing(px(12));
    form->setVerticalSpacing(px(6));
    form->setLabelAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    form->setFieldGrowthPolicy(QFormLayout::AllNonFixedFieldsGrow);
    form->addRow(name(tr("Listen on"), m_host), rowOf({m_host, name(tr("Port"), m_port), m_port}));
    form->addRow(name(tr("Key"), m_key), rowOf({m_key, shown, copyKey, m_generate}));
    form->addRow(name(tr("Address"), m_url), rowOf({m_url, m_copyUrl}));
    return box;
}

void EndpointPanel::makeTables()
{
    m_requestTable = makePlainTable("requestTable", tr("Requests"), m_requests, this);
    QHeaderView* header = m_requestTable->horizontalHeader();
    header->setSectionResizeMode(QHeaderView::Fixed);
    header->setSectionResizeMode(RequestTableModel::Client, QHeaderView::Stretch);
    header->resizeSection(RequestTableModel::State, px(72));
    for (const int column :
        {RequestTableModel::Prompt, RequestTableModel::Generated, RequestTableModel::Time})
        header->resizeSection(column, px(52));
    m_failures->setHorizontalHeaderLabels({tr("Time"), tr("Status"), tr("What")});
    m_failureTable = makePlainTable("failureTable", tr("Last errors"), m_failures, this);
    header = m_failureTable->horizontalHeader();
    header->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    header->resizeSection(0, px(64));
    header->resizeSection(1, px(48));
    header->setStretchLastSection(true);
}

void EndpointPanel::setRefusal(const QString& reason)
{
    m_refusal = reason;
    showState();
}

serve::ServerOptions EndpointPanel::options() const
{
    serve::ServerOptions options;
    options.host = m_host->text().trimmed().toStdString();
    options.port = static_cast<uint16_t>(m_port->value());
    options.apiKey = m_key->text().trimmed().toStdString();
    return options;
}

void EndpointPanel::remember(shell::Settings& settings)
{
    if (const QString host = settings.endpointHost(); !host.isEmpty())
        m_host->setText(host);
    m_port->setValue(settings.endpointPort().value_or(m_port->value()));
    connect(m_host, &QLineEdit::textChanged, this,
        [&settings](const QString& text) { settings.setEndpointHost(text.trimmed()); });
    connect(m_port, &QSpinBox::valueChanged, this,
        [&settings](int port) { settings.setEndpointPort(port); });
}

void EndpointPanel::generateKey()
{
    static const QString kinds
        = QStringLiteral("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789");
    QString key;
    for (int i = 0; i < kKeyCharacters; ++i)
        key += kinds[QRandomGenerator::system()->bounded(static_cast<int>(kinds.size()))];
    m_key->setText(key);
}

void EndpointPanel::showState()
{
    const State state = m_endpoint.state();
    const bool off = state == State::Off;
    m_state->setText(off               ? tr("Off")
            : state == State::On       ? tr("On")
            : state == State::Starting ? tr("Starting…")
                                       : tr("Stopping, answers under way end first…"));
    m_switch->setText(off ? tr("Switch on") : tr("Switch off"));
    m_switch->setEnabled(!off || m_refusal.isEmpty()); // else, in between, it would lose the focus
    m_switch->setToolTip(off ? m_refusal : QString());
    for (QWidget* field : std::initializer_list<QWidget*>{m_host, m_port, m_key, m_generate}) {
        field->setEnabled(off);
    }
    m_url->setText(
        state == State::On ? m_endpoint.address() + QStringLiteral("/v1") : models::unknownText());
    m_copyUrl->setEnabled(state == State::On);
    off ? m_timer.stop() : m_timer.start();
    if (state == State::Starting)
        m_samples.clear();
    refresh();
}

void EndpointPanel::refresh()
{
    if (!isVisible())
        return;
    serve::ServerSnapshot now = m_endpoint.snapshot();
    int running = 0;
    for (const serve::ServedRequest& request : now.requests)
        running += request.state == serve::ServedRequest::State::Answering ? 1 : 0;
    const serve::TrafficTotals& totals = now.totals;
    m_counts->setText(
        tr("%1 answering, %2 waiting, %3 done, %4 of them with an error")
            .arg(formatCount(running), formatCount(std::ssize(now.requests) - running),
                formatCount(totals.requests), formatCount(totals.errors)));
    m_rate->setText(rate(totals.generatedTokens));
    m_rate->setToolTip(tr("Tokens generated for clients a second, mean of the last 5 s; %1 in all")
                           .arg(formatCount(totals.generatedTokens)));
    m_requests->setRequests(std::move(now.requests));
    if (m_shownFailures != totals.errors + std::ssize(now.failures)) {
        m_shownFailures = totals.errors + std::ssize(now.failures);
        showFailures(now.failures);
    }
}

QString EndpointPanel::rate(int64_t generatedTokens)
{
    const qint64 at = m_clock.elapsed();
    while (!m_samples.empty() && m_samples.front().milliseconds < at - kRateMilliseconds)
        m_samples.pop_front();
    m_samples.push_back({at, generatedTokens});
    const Sample& first = m_samples.front();
    const double seconds = static_cast<double>(at - first.milliseconds) / 1000;
    const double rate
        = seconds > 0 ? static_cast<double>(generatedTokens - first.tokens) / seconds : 0;
    return tr("%1 tokens/s").arg(models::formatFixed(rate, 1));
}

void EndpointPanel::showFailures(const std::vector<serve::FailedRequest>& failures)
{
    m_failures->removeRows(0, m_failures->rowCount());
    for (const serve::FailedRequest& failure : failures) {
        const auto at
            = QDateTime::fromSecsSinceEpoch(std::chrono::system_clock::to_time_t(failure.at));
        const QString what = QString::fromStdString(failure.what);
        auto* said = new QStandardItem(what);
        said->setToolTip(tr("%1, from %2: %3", "route, client, what it was told")
                             .arg(QString::fromStdString(failure.route),
                                 QString::fromStdString(failure.client), what));
        m_failures->appendRow({new QStandardItem(at.toString(QStringLiteral("HH:mm:ss"))),
            new QStandardItem(QString::number(failure.status)), said});
    }
    m_noFailures->setVisible(failures.empty());
    m_failureTable->setVisible(!failures.empty());
}

void EndpointPanel::showEvent(QShowEvent* event)
{
    QWidget::showEvent(event);
    refresh();
}

} // namespace moe::chat
