// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/training/steering_panel.h"

#include "ui/models/format.h"
#include "ui/shell/theme.h"
#include "ui/training/number_field.h"

#include <QComboBox>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QVBoxLayout>

#include <cmath>

namespace moe::training {

using Coefficient = models::RunSettings::Coefficient;
using shell::makeLabel;
using shell::px;
using shell::TextRole;
using shell::Theme;

SteeringPanel::SteeringPanel(QWidget* parent)
    : QWidget(parent)
    , m_lr(new NumberField(NumberField::Form::Scientific, 1, 0, kLargestLearningRate, this))
    , m_capacity(new NumberField(NumberField::Form::Fixed, 2, 0, kLargestCapacityFactor, this))
    , m_coefficient(new QComboBox(this))
    , m_schedule(makeLabel({}, TextRole::Secondary, &Theme::text2, false, this))
    , m_policy(makeLabel({}, TextRole::Secondary, &Theme::text2, false, this))
    , m_loss(makeLabel({}, TextRole::Secondary, &Theme::text2, false, this))
    , m_buttons(new QWidget(this))
    , m_apply(new QPushButton(tr("Apply"), m_buttons))
    , m_revert(new QPushButton(tr("Revert"), m_buttons))
{
    m_lr->setObjectName(QStringLiteral("lrField"));
    m_capacity->setObjectName(QStringLiteral("capacityField"));
    m_capacity->setSpecialValueText(tr("dropless"));
    m_coefficient->setObjectName(QStringLiteral("coefficientBox"));
    m_coefficient->addItem(tr("adaptive"), static_cast<int>(Coefficient::Adaptive));
    m_coefficient->addItem(tr("constant"), static_cast<int>(Coefficient::Constant));
    m_apply->setObjectName(QStringLiteral("applySteering"));
    shell::makeSmall(m_apply);
    shell::makeSmall(m_revert);

    auto* grid = new QGridLayout;
    grid->setContentsMargins(px(12), px(4), px(12), 0);
    grid->setHorizontalSpacing(px(8));
    grid->setVerticalSpacing(px(6));
    const auto add = [&](int row, const QString& name, QWidget* field, QLabel* note) {
        auto* label = makeLabel(name, TextRole::Secondary, &Theme::text2, false, this);
        label->setBuddy(field);
        field->setAccessibleName(name);
        field->setFixedWidth(px(92));
        grid->addWidget(label, row, 0);
        grid->addWidget(field, row, 1);
        note->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
        grid->addWidget(note, row, 2);
    };
    add(0, tr("Peak learning rate"), m_lr, m_schedule);
    add(1, tr("Capacity factor"), m_capacity, m_policy);
    add(2, tr("Aux coefficient"), m_coefficient, m_loss);
    grid->setColumnStretch(2, 1);
    auto* buttons = new QHBoxLayout(m_buttons);
    buttons->setContentsMargins(px(12), px(8), px(12), 0);
    buttons->addWidget(m_apply);
    buttons->addWidget(m_revert);
    buttons->addStretch(1);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, px(8));
    column->setSpacing(0);
    column->addLayout(grid);
    column->addWidget(m_buttons);
    column->addStretch(1);
    setBackgroundRole(QPalette::Base);
    setAutoFillBackground(true);

    connect(m_lr, &QDoubleSpinBox::valueChanged, this, &SteeringPanel::updateApply);
    connect(m_capacity, &QDoubleSpinBox::valueChanged, this, &SteeringPanel::updateApply);
    connect(m_coefficient, &QComboBox::activated, this, [this] {
        m_chosenByHand = true;
        updateApply();
    });
    connect(m_apply, &QPushButton::clicked, this, &SteeringPanel::apply);
    connect(m_revert, &QPushButton::clicked, this, &SteeringPanel::revert);
    updateApply();
}

void SteeringPanel::refresh(const models::RunSettings& settings, bool steerable, double meanAlpha)
{
    m_settings = settings;
    m_steerable = steerable;
    m_meanAlpha = meanAlpha;
    // An empty field would be a number, too: without a run file it says that nothing is known.
    m_lr->setLeastText(settings.known ? QString() : models::unknownText());
    m_capacity->setLeastText(settings.known ? tr("dropless") : models::unknownText());
    m_lr->setInForce(settings.lr);
    m_capacity->setInForce(settings.capacityFactor.value_or(0));
    m_schedule->setText(settings.schedule);
    m_policy->setText(settings.capacityFactor ? settings.dropPolicy : QString());
    m_loss->setText(settings.auxLoss);
    if (!coefficientEdited())
        m_chosenByHand = false;
    if (!m_chosenByHand) {
        const bool list = settings.coefficient == Coefficient::List;
        const int listItem = m_coefficient->findData(static_cast<int>(Coefficient::List));
        if (list && listItem < 0)
            m_coefficient->addItem(tr("per layer"), static_cast<int>(Coefficient::List));
        m_coefficient->setCurrentIndex(
            m_coefficient->findData(static_cast<int>(settings.coefficient)));
    }
    m_lr->setReadOnly(!steerable);
    m_capacity->setReadOnly(!steerable);
    m_coefficient->setEnabled(steerable && settings.coefficient != Coefficient::None);
    const QString reason = steerable ? QString()
        : settings.known             ? tr("Only a run in progress can be steered")
                                     : tr("No run file: the settings are not known");
    m_lr->setToolTip(
        steerable ? tr("The schedule's peak; takes effect between two steps") : reason);
    m_capacity->setToolTip(
        steerable ? tr("Room of an expert over its fair share; 0 keeps every assignment") : reason);
    m_coefficient->setToolTip(reason);
    updateApply();
}

bool SteeringPanel::coefficientEdited() const
{
    return m_chosenByHand
        && m_coefficient->currentData().toInt() != static_cast<int>(m_settings.coefficient);
}

void SteeringPanel::updateApply()
{
    const bool edited = m_lr->isEdited() || m_capacity->isEdited() || coefficientEdited();
    m_buttons->setVisible(edited);
    m_apply->setEnabled(m_steerable);
}

void SteeringPanel::apply()
{
    if (m_lr->isEdited()) {
        Q_EMIT steer(QStringLiteral("optimizer.lr"), m_lr->json());
        m_lr->setInForce(m_lr->value());
    }
    if (m_capacity->isEdited()) {
        Q_EMIT steer(QStringLiteral("moe.capacity_factor"),
            m_capacity->value() > 0 ? m_capacity->json() : QStringLiteral("null"));
        m_capacity->setInForce(m_capacity->value());
    }
    if (coefficientEdited()) {
        const bool constant
            = m_coefficient->currentData().toInt() == static_cast<int>(Coefficient::Constant);
        const double alpha = std::isfinite(m_meanAlpha) ? m_meanAlpha : 0.01;
        Q_EMIT steer(QStringLiteral("moe.aux_coeff"),
            constant ? QString::number(alpha, 'g', 6)
                     : QStringLiteral(R"({"adaptive": {"xi": %1, "alpha_max": %2, "beta": %3}})")
                           .arg(m_settings.xi, 0, 'g', 12)
                           .arg(m_settings.alphaMax, 0, 'g', 12)
                           .arg(m_settings.beta, 0, 'g', 12));
        m_settings.coefficient = constant ? Coefficient::Constant : Coefficient::Adaptive;
    }
    m_chosenByHand = false;
    updateApply();
}

void SteeringPanel::revert()
{
    m_lr->revert();
    m_capacity->revert();
    m_chosenByHand = false;
    m_coefficient->setCurrentIndex(
        m_coefficient->findData(static_cast<int>(m_settings.coefficient)));
    updateApply();
}

} // namespace moe::training
