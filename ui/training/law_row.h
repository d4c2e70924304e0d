// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/models/run_settings.h"

#include <QWidget>

class QLabel;
class QPushButton;

namespace moe::training {

class NumberField;

/// The second row of the aux-loss plot: the law of α with its constants as fields, or the constant,
/// or what the list holds. Apply sends what was edited.
class LawRow : public QWidget {
    Q_OBJECT
public:
    explicit LawRow(QWidget* parent = nullptr);
    void refresh(const models::RunSettings& settings, bool steerable);
    void setShortWords(bool shortWords); ///< the hint goes
    void revert();

Q_SIGNALS:
    void steer(const QString& key, const QString& valueJson);

private:
    void updateApply();
    void apply();

    QLabel* m_law;
    QLabel* m_names[3];
    NumberField* m_xi;
    NumberField* m_alphaMax;
    NumberField* m_beta;
    NumberField* m_constant;
    QPushButton* m_apply;
    QLabel* m_hint;
    bool m_steerable = false, m_short = false;
    models::RunSettings::Coefficient m_kind = models::RunSettings::Coefficient::None;
};

} // namespace moe::training
