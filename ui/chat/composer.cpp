// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/chat/composer.h"

#include "ui/models/format.h"
#include "ui/shell/theme.h"

#include <QComboBox>
#include <QDoubleSpinBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPainter>
#include <QPushButton>
#include <QRegularExpressionValidator>
#include <QSignalBlocker>
#include <QSpinBox>
#include <QToolButton>
#include <QVBoxLayout>

#include <array>

namespace moe::chat {

using models::formatCount;
using shell::px;
using shell::TextRole;
using shell::theme;

namespace {

constexpr int kWhole = 1000; ///< stretch of the column against the sides: up to its most width

struct Preset {
    const char* name;
    double temperature, topP;
};
constexpr std::array kPresets{
    Preset{"precise", 0, 1}, Preset{"balanced", 0.7, 0.9}, Preset{"creative", 1.1, 0.95}};

QString presetText(size_t index)
{
    const std::array<QString, 3> names{
        Composer::tr("Precise"), Composer::tr("Balanced"), Composer::tr("Creative")};
    return names.at(index);
}

} // namespace

Composer::Composer(QWidget* parent)
    : QWidget(parent)
    , m_column(new QWidget(this))
    , m_input(new ChatInput(m_column))
    , m_send(new QPushButton(tr("Send"), m_input))
    , m_stop(new QPushButton(tr("Stop  Esc"), m_input))
    , m_system(new QPlainTextEdit(m_column))
{
    m_system->setObjectName(QStringLiteral("systemPrompt"));
    m_system->setAccessibleName(tr("System prompt"));
    m_system->setPlaceholderText(tr("System prompt: stands before the conversation"));
    m_system->setTabChangesFocus(true);
    m_system->setFixedHeight(px(74));
    m_system->hide();
    m_send->setObjectName(QStringLiteral("sendButton"));
    m_send->setAccessibleName(tr("Send"));
    m_stop->setObjectName(QStringLiteral("stopButton"));
    m_stop->setAccessibleName(tr("Stop the reply"));
    m_stop->setIcon(shell::icon(QStringLiteral("square")));
    m_stop->hide();
    for (QPushButton* button : {m_send, m_stop}) {
        shell::makeSmall(button);
        button->setCursor(Qt::ArrowCursor);
    }
    auto* column = new QVBoxLayout(m_column);
    column->setContentsMargins(0, px(10), 0, px(8));
    column->setSpacing(px(8));
    column->addWidget(m_system);
    column->addWidget(m_input);
    column->addWidget(makeFields());
    column->addWidget(makeRareFields());
    m_input->installEventFilter(this);
    connect(m_input, &ChatInput::sendWanted, this, &Composer::send);
    connect(m_input, &ChatInput::editLastWanted, this, &Composer::editLastWanted);
    connect(m_input, &QPlainTextEdit::textChanged, this, [this] {
        setSendRefusal(m_refusal);
        Q_EMIT draftChanged(text());
    });
    connect(m_send, &QPushButton::clicked, this, &Composer::send);
    connect(m_stop, &QPushButton::clicked, this, &Composer::stopWanted);
    connect(m_system, &QPlainTextEdit::textChanged, this, &Composer::setupChanged);
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(px(24), 0, px(24), 0);
    row->addStretch(1);
    row->addWidget(m_column, kWhole);
    row->addStretch(1);
    setBackgroundRole(QPalette::Base);
    setAutoFillBackground(true);
    setSetup({});
    setSendRefusal({});
}

QDoubleSpinBox* Composer::number(
    const char* name, const QString& label, double least, double most, double step)
{
    auto* box = new QDoubleSpinBox(m_column);
    box->setObjectName(QString::fromLatin1(name));
    box->setAccessibleName(label);
    box->setRange(least, most);
    box->setSingleStep(step);
    box->setDecimals(2);
    box->setButtonSymbols(QAbstractSpinBox::NoButtons);
    box->setFixedWidth(px(46));
    connect(box, &QDoubleSpinBox::valueChanged, this, &Composer::fieldEdited);
    return box;
}

namespace {

QLabel* caption(const QString& text, QWidget* buddy, QWidget* parent)
{
    QLabel* label
        = shell::makeLabel(text, TextRole::Secondary, &shell::Theme::text2, false, parent);
    label->setBuddy(buddy);
    return label;
}

QToolButton* wordButton(const char* name, const QString& text, QWidget* parent)
{
    auto* button = new QToolButton(parent);
    button->setObjectName(QString::fromLatin1(name));
    button->setText(text);
    button->setAutoRaise(true);
    button->setCheckable(true);
    button->setFocusPolicy(Qt::TabFocus);
    shell::makeSmall(button);
    return button;
}

} // namespace

QWidget* Composer::makeFields()
{
    auto* fields = new QWidget(m_column);
    m_preset = new QComboBox(fields);
    m_preset->setObjectName(QStringLiteral("preset"));
    m_preset->setAccessibleName(tr("Preset"));
    for (size_t i = 0; i < kPresets.size(); ++i)
        m_preset->addItem(presetText(i), QString::fromLatin1(kPresets.at(i).name));
    m_preset->addItem(tr("Own"), QString());
    connect(m_preset, &QComboBox::activated, this, &Composer::usePreset);
    m_temperature = number("temperature", tr("Temperature"), 0, 10, 0.1);
    m_topP = number("topP", tr("Top-p"), 0.01, 1, 0.05);
    m_seed = new QLineEdit(fields);
    m_seed->setObjectName(QStringLiteral("seed"));
    m_seed->setAccessibleName(tr("Seed"));
    m_seed->setPlaceholderText(tr("random"));
    m_seed->setFixedWidth(px(66));
    m_seed->setValidator(
        new QRegularExpressionValidator(QRegularExpression(QStringLiteral("\\d{0,18}")), m_seed));
    connect(m_seed, &QLineEdit::textEdited, this, &Composer::setupChanged);
    m_systemButton = wordButton("systemButton", tr("System prompt…"), fields);
    connect(m_systemButton, &QToolButton::toggled, this, [this](bool on) {
        m_system->setVisible(on);
        if (on && m_systemButton->hasFocus())
            m_system->setFocus();
    });
    m_rareButton = shell::makeIconButton(QStringLiteral("more"), tr("More…"), fields);
    m_rareButton->setObjectName(QStringLiteral("moreSampling"));
    m_rareButton->setCheckable(true);
    connect(m_rareButton, &QToolButton::toggled, this, [this](bool on) { m_rare->setVisible(on); });
    m_context = shell::makeLabel({}, TextRole::Secondary, &shell::Theme::text2, false, fields);
    m_context->setFont(shell::numberFont(TextRole::Secondary));
    m_context->setObjectName(QStringLiteral("contextUse"));
    auto* row = new QHBoxLayout(fields);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(px(5));
    const auto add = [&](const QString& text, QWidget* field) {
        row->addWidget(caption(text, field, fields));
        row->addWidget(field);
        row->addSpacing(px(2));
    };
    add(tr("Preset"), m_preset);
    add(tr("Temperature"), m_temperature);
    add(tr("Top-p"), m_topP);
    add(tr("Seed"), m_seed);
    row->addWidget(m_systemButton);
    row->addWidget(m_rareButton);
    row->addStretch(1);
    row->addWidget(m_context);
    return fields;
}

QWidget* Composer::makeRareFields()
{
    m_rare = new QWidget(m_column);
    m_minP = number("minP", tr("Min-p"), 0, 1, 0.01);
    m_penalty = number("repetitionPenalty", tr("Repetition penalty"), 0.01, 10, 0.05);
    const auto whole = [this](const char* name, const QString& label, int least, int most) {
        auto* box = new QSpinBox(m_rare);
        box->setObjectName(QString::fromLatin1(name));
        box->setAccessibleName(label);
        box->setRange(least, most);
        box->setButtonSymbols(QAbstractSpinBox::NoButtons);
        box->setFixedWidth(px(64));
        connect(box, &QSpinBox::valueChanged, this, &Composer::fieldEdited);
        return box;
    };
    m_topK = whole("topK", tr("Top-k"), 0, 1'000'000);
    m_topK->setSpecialValueText(tr("all"));
    m_most = whole("maxTokens", tr("Most tokens"), 1, 1'000'000);
    auto* row = new QHBoxLayout(m_rare);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(px(6));
    const auto add = [&](const QString& text, QWidget* field) {
        row->addWidget(caption(text, field, m_rare));
        row->addWidget(field);
        row->addSpacing(px(8));
    };
    add(tr("Top-k"), m_topK);
    add(tr("Min-p"), m_minP);
    add(tr("Repetition penalty"), m_penalty);
    add(tr("Most tokens"), m_most);
    row->addStretch(1);
    m_rare->hide();
    return m_rare;
}

void Composer::setText(const QString& text)
{
    const QSignalBlocker quiet(this);
    m_input->setPlainText(text);
    m_input->moveCursor(QTextCursor::End);
    setSendRefusal(m_refusal);
}

void Composer::showSampling(const chats::SamplingSettings& sampling)
{
    const std::array<QObject*, 6> fields{m_temperature, m_topP, m_minP, m_penalty, m_topK, m_most};
    for (QObject* field : fields)
        field->blockSignals(true);
    m_temperature->setValue(sampling.temperature);
    m_topP->setValue(sampling.topP);
    m_minP->setValue(sampling.minP);
    m_penalty->setValue(sampling.repetitionPenalty);
    m_topK->setValue(static_cast<int>(sampling.topK));
    m_most->setValue(static_cast<int>(sampling.maxTokens));
    for (QObject* field : fields)
        field->blockSignals(false);
    const int preset = m_preset->findData(QString::fromStdString(sampling.preset));
    m_preset->setCurrentIndex(preset < 0 ? m_preset->count() - 1 : preset);
}

void Composer::setSetup(const chats::Setup& setup)
{
    const QSignalBlocker quiet(this);
    showSampling(setup.sampling);
    m_seed->setText(setup.sampling.seed ? QString::number(*setup.sampling.seed) : QString());
    if (const QString prompt = QString::fromStdString(setup.systemPrompt);
        prompt != m_system->toPlainText())
        m_system->setPlainText(prompt);
    m_systemButton->setChecked(!setup.systemPrompt.empty());
}

chats::SamplingSettings Composer::sampling() const
{
    chats::SamplingSettings sampling;
    sampling.preset = m_preset->currentData().toString().toStdString();
    sampling.temperature = m_temperature->value();
    sampling.topP = m_topP->value();
    sampling.minP = m_minP->value();
    sampling.repetitionPenalty = m_penalty->value();
    sampling.topK = m_topK->value();
    sampling.maxTokens = m_most->value();
    bool given = false;
    const qulonglong seed = m_seed->text().toULongLong(&given);
    if (given)
        sampling.seed = seed;
    return sampling;
}

QString Composer::systemPrompt() const
{
    return m_system->toPlainText();
}

void Composer::usePreset(int index)
{
    if (index < static_cast<int>(kPresets.size())) {
        const Preset& preset = kPresets.at(static_cast<size_t>(index));
        chats::SamplingSettings usual;
        usual.preset = preset.name;
        usual.temperature = preset.temperature;
        usual.topP = preset.topP;
        usual.maxTokens = m_most->value();
        showSampling(usual);
    }
    Q_EMIT setupChanged();
}

void Composer::fieldEdited()
{
    m_preset->setCurrentIndex(m_preset->count() - 1);
    Q_EMIT setupChanged();
}

void Composer::setSendRefusal(const QString& reason)
{
    m_refusal = reason;
    const bool empty = m_input->toPlainText().trimmed().isEmpty();
    m_send->setEnabled(reason.isEmpty() && !empty);
    m_send->setToolTip(!reason.isEmpty() ? reason
            : empty                      ? tr("Write a message first")
                                         : QString());
    shell::makePrimary(m_send, m_send->isEnabled());
}

void Composer::setReplying(bool replying)
{
    m_replying = replying;
    m_send->setVisible(!replying);
    m_stop->setVisible(replying);
    placeButtons();
}

void Composer::setContext(int64_t used, int64_t room)
{
    m_context->setText(
        room > 0 ? tr("Context %1 of %2").arg(formatCount(used), formatCount(room)) : QString());
}

void Composer::setCompact(bool compact)
{
    m_systemButton->setText(compact ? tr("System…") : tr("System prompt…"));
}

void Composer::send()
{
    if (m_send->isEnabled() && !m_replying)
        Q_EMIT sendWanted(text());
}

void Composer::placeButtons()
{
    for (QPushButton* button : {m_send, m_stop}) {
        const QSize size(button->sizeHint().width(), px(22));
        button->setGeometry(m_input->width() - size.width() - px(8),
            m_input->height() - size.height() - px(8), size.width(), size.height());
    }
    m_input->setRightInset(
        std::max(m_send->sizeHint().width(), m_stop->sizeHint().width()) + px(8));
}

void Composer::resizeEvent(QResizeEvent*)
{
    m_column->setMaximumWidth(px(width() >= px(1500) ? 820 : 760)); // as the transcript's
    placeButtons();
}

void Composer::paintEvent(QPaintEvent*)
{
    QPainter(this).fillRect(QRect(0, 0, width(), 1), theme().line);
}

bool Composer::eventFilter(QObject* watched, QEvent* event)
{
    if (watched == m_input && event->type() == QEvent::Resize)
        placeButtons();
    return QWidget::eventFilter(watched, event);
}

} // namespace moe::chat
