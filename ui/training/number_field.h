// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QDoubleSpinBox>
#include <QString>

namespace moe::training {

/// The largest values that the engine takes, in a run file and by steering (engine/train/): a
/// narrower field would change what nobody touched.
constexpr double kLargestLearningRate = 1000, kLargestCapacityFactor = 1e6, kLargestAlpha = 1e6;

/// A number typed by hand, without arrows: fixed decimals, or the short scientific form ("3.0e-4").
/// It knows the value in force and whether the typed one differs.
class NumberField : public QDoubleSpinBox {
    Q_OBJECT
public:
    enum class Form { Fixed, Scientific };
    NumberField(Form form, int shownDecimals, double least, double most, QWidget* parent = nullptr);

    void setInForce(double value); ///< shows it unless the field is being edited
    double inForce() const { return m_inForce; }
    bool isEdited() const;
    void setLeastText(const QString& text); ///< stands for the least value; keeps what is typed
    void revert();
    QString json() const; ///< the value as JSON

    QString textFromValue(double value) const override;
    double valueFromText(const QString& text) const override;
    QValidator::State validate(QString& text, int& position) const override;

private:
    Form m_form;
    int m_shownDecimals;
    double m_inForce = 0;
};

} // namespace moe::training
