// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/models/run_settings.h"

#include <QWidget>

class QComboBox;
class QLabel;
class QPushButton;

namespace moe::training {

class NumberField;

/// What may be changed while a run goes on. Edited fields bring Apply and Revert.
class SteeringPanel : public QWidget {
    Q_OBJECT
public:
    explicit SteeringPanel(QWidget* parent = nullptr);
    void refresh(const models::RunSettings& settings, bool steerable, double meanAlpha);
    void revert();

Q_SIGNALS:
    void steer(const QString& key, const QString& valueJson);

private:
    void updateApply();
    void apply();
    bool coefficientEdited() const;

    NumberField* m_lr;
    NumberField* m_capacity;
    QComboBox* m_coefficient;
    QLabel* m_schedule;
    QLabel* m_policy;
    QLabel* m_loss;
    QWidget* m_buttons;
    QPushButton* m_apply;
    QPushButton* m_revert;
    models::RunSettings m_settings;
    bool m_steerable = false, m_chosenByHand = false;
    double m_meanAlpha = 0.01;
};

} // namespace moe::training
