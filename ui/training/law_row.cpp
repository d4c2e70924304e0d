// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/training/law_row.h"

#include "ui/models/format.h"
#include "ui/shell/theme.h"
#include "ui/training/number_field.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>

#include <algorithm>

namespace moe::training {

using Coefficient = models::RunSettings::Coefficient;
using shell::makeLabel;
using shell::px;
using shell::TextRole;
using shell::Theme;

LawRow::LawRow(QWidget* parent)
    : QWidget(parent)
    , m_law(makeLabel({}, TextRole::Secondary, &Theme::text2, false, this))
    , m_xi(new NumberField(NumberField::Form::Fixed, 2, 0, kLargestAlpha, this))
    , m_alphaMax(new NumberField(NumberField::Form::Fixed, 4, 0, kLargestAlpha, this))
    , m_beta(new NumberField(NumberField::Form::Fixed, 3, 0, 1, this))
    , m_constant(new NumberField(NumberField::Form::Fixed, 4, 0, kLargestAlpha, this))
    , m_apply(new QPushButton(tr("Apply"), this))
    , m_hint(makeLabel(
          tr("takes effect between two steps"), TextRole::Secondary, &Theme::text2, false, this))
{
    m_law->setObjectName(QStringLiteral("auxLaw"));
    m_xi->setObjectName(QStringLiteral("xiField"));
    m_xi->setAccessibleName(tr("ξ"));
    m_xi->setToolTip(tr("How much of a layer's drop rate d its coefficient follows"));
    m_alphaMax->setObjectName(QStringLiteral("alphaMaxField"));
    m_alphaMax->setAccessibleName(tr("α_max"));
    m_alphaMax->setToolTip(tr("The coefficient never aims above this"));
    m_beta->setObjectName(QStringLiteral("betaField"));
    m_beta->setAccessibleName(tr("β"));
    m_beta->setToolTip(tr("How much of the old coefficient stays after a step"));
    m_constant->setObjectName(QStringLiteral("constantField"));
    m_constant->setAccessibleName(tr("α"));
    m_apply->setObjectName(QStringLiteral("applyLaw"));
    shell::makeSmall(m_apply);
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(px(12), 0, px(12), px(2));
    row->setSpacing(px(8));
    row->addWidget(m_law);
    row->addSpacing(px(8));
    const struct {
        const char* name;
        NumberField* field;
        int width;
    } fields[]{{"ξ", m_xi, 64}, {"α_max", m_alphaMax, 72}, {"β", m_beta, 64}};
    for (int i = 0; i < 3; ++i) {
        m_names[i] = makeLabel(
            QString::fromUtf8(fields[i].name), TextRole::Secondary, &Theme::text2, false, this);
        row->addWidget(m_names[i]);
        fields[i].field->setFixedWidth(px(fields[i].width));
        row->addWidget(fields[i].field);
        row->addSpacing(px(6));
    }
    m_constant->setFixedWidth(px(72));
    row->addWidget(m_constant);
    row->addWidget(m_apply);
    row->addWidget(m_hint, 1);
    row->addStretch();
    // The first to give way.
    m_hint->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    for (NumberField* field : {m_xi, m_alphaMax, m_beta, m_constant})
        connect(field, &QDoubleSpinBox::valueChanged, this, &LawRow::updateApply);
    connect(m_apply, &QPushButton::clicked, this, &LawRow::apply);
    refresh({}, false);
}

void LawRow::setShortWords(bool shortWords)
{
    m_short = shortWords;
    updateApply();
}

void LawRow::refresh(const models::RunSettings& settings, bool steerable)
{
    m_kind = settings.coefficient;
    m_steerable = steerable;
    const bool adaptive = m_kind == Coefficient::Adaptive;
    switch (m_kind) {
    case Coefficient::Adaptive:
        m_law->setText(QStringLiteral("α ← β α + (1 − β) · min(ξ d, α_max)"));
        break;
    case Coefficient::Constant:
        m_law->setText(tr("α constant, all layers"));
        break;
    case Coefficient::List: {
        const auto [least, most] = std::ranges::minmax_element(settings.list);
        m_law->setText(settings.list.empty()
                ? tr("α constant, one a layer")
                : tr("α constant, one a layer, %1 to %2")
                      .arg(models::formatAlpha(*least), models::formatAlpha(*most)));
        break;
    }
    case Coefficient::None:
        m_law->setText(tr("No run file: the law of α is not known"));
        break;
    }
    m_law->setToolTip(adaptive
            ? tr("After each step, per layer, with d the layer's token drop rate")
            : QString());
    for (QLabel* name : m_names)
        name->setVisible(adaptive);
    for (NumberField* field : {m_xi, m_alphaMax, m_beta})
        field->setVisible(adaptive);
    m_constant->setVisible(m_kind == Coefficient::Constant);
    m_xi->setInForce(settings.xi);
    m_alphaMax->setInForce(settings.alphaMax);
    m_beta->setInForce(settings.beta);
    m_constant->setInForce(settings.constant);
    for (NumberField* field : {m_xi, m_alphaMax, m_beta, m_constant})
        field->setReadOnly(!steerable);
    updateApply();
}

void LawRow::updateApply()
{
    const bool fields = m_kind == Coefficient::Adaptive || m_kind == Coefficient::Constant;
    const bool edited = m_kind == Coefficient::Adaptive
        ? m_xi->isEdited() || m_alphaMax->isEdited() || m_beta->isEdited()
        : m_constant->isEdited();
    m_apply->setVisible(fields);
    m_apply->setEnabled(m_steerable && edited);
    m_apply->setToolTip(!m_steerable ? tr("Only a run in progress can be steered")
            : edited                 ? tr("Send to the run")
                                     : tr("Change a value first"));
    m_hint->setVisible(fields && !m_short);
}

void LawRow::apply()
{
    if (m_kind == Coefficient::Constant) {
        Q_EMIT steer(QStringLiteral("moe.aux_coeff"), m_constant->json());
    } else {
        const struct {
            NumberField* field;
            const char* key;
        } fields[]{{m_xi, "moe.aux_coeff.adaptive.xi"},
            {m_alphaMax, "moe.aux_coeff.adaptive.alpha_max"},
            {m_beta, "moe.aux_coeff.adaptive.beta"}};
        for (const auto& [field, key] : fields) {
            if (field->isEdited())
                Q_EMIT steer(QString::fromLatin1(key), field->json());
        }
    }
    // What was sent counts as in force until the run's event says so.
    for (NumberField* field : {m_xi, m_alphaMax, m_beta, m_constant})
        field->setInForce(field->value());
    updateApply();
}

void LawRow::revert()
{
    for (NumberField* field : {m_xi, m_alphaMax, m_beta, m_constant})
        field->revert();
}

} // namespace moe::training
