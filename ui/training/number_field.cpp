// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/training/number_field.h"

#include "ui/shell/theme.h"

#include <QLocale>
#include <QSignalBlocker>

#include <algorithm>
#include <cmath>

namespace moe::training {

NumberField::NumberField(Form form, int shownDecimals, double least, double most, QWidget* parent)
    : QDoubleSpinBox(parent)
    , m_form(form)
    , m_shownDecimals(shownDecimals)
{
    setButtonSymbols(QAbstractSpinBox::NoButtons);
    setDecimals(12); // what is typed is kept whole; only the display is short
    setRange(least, most);
    setFont(shell::numberFont(shell::TextRole::Secondary));
    setKeyboardTracking(true);
    setSingleStep(form == Form::Fixed ? std::pow(10.0, -shownDecimals) : 1e-5);
}

void NumberField::setInForce(double value)
{
    const bool edited = isEdited();
    m_inForce = value;
    if (!edited && !hasFocus()) {
        const QSignalBlocker quiet(this);
        setValue(value);
    }
}

void NumberField::setLeastText(const QString& text)
{
    if (text != specialValueText())
        setSpecialValueText(text);
}

bool NumberField::isEdited() const
{
    // A value in force outside the field's range stands at its end: nobody typed that.
    return std::abs(value() - std::clamp(m_inForce, minimum(), maximum())) > 1e-12;
}

void NumberField::revert()
{
    setValue(m_inForce);
}

QString NumberField::json() const
{
    return QString::number(value(), 'g', 12);
}

QString NumberField::textFromValue(double value) const
{
    if (m_form == Form::Fixed) {
        // At least the house's decimals, more where the value needs them.
        QString text = QLocale().toString(value, 'f', m_shownDecimals);
        for (int decimals = m_shownDecimals + 1; decimals <= 8; ++decimals) {
            if (std::abs(QLocale().toDouble(text) - value) <= 1e-12)
                break;
            text = QLocale().toString(value, 'f', decimals);
        }
        return text;
    }
    if (value == 0)
        return QStringLiteral("0");
    const int exponent = static_cast<int>(std::floor(std::log10(std::abs(value)) + 1e-12));
    QString mantissa = QLocale().toString(value / std::pow(10.0, exponent), 'f', 4);
    while (mantissa.endsWith(QLatin1Char('0')) && mantissa.size() > 3)
        mantissa.chop(1);
    return mantissa + QLatin1Char('e') + QString::number(exponent);
}

double NumberField::valueFromText(const QString& text) const
{
    bool ok = false;
    const double local = QLocale().toDouble(text.trimmed(), &ok);
    return ok ? local : QLocale::c().toDouble(text.trimmed());
}

QValidator::State NumberField::validate(QString& text, int& position) const
{
    Q_UNUSED(position)
    bool ok = false;
    double value = QLocale().toDouble(text.trimmed(), &ok);
    if (!ok)
        value = QLocale::c().toDouble(text.trimmed(), &ok);
    if (ok)
        return value < minimum() || value > maximum() ? QValidator::Intermediate
                                                      : QValidator::Acceptable;
    for (const QChar c : text) {
        if (!c.isDigit() && !QStringLiteral(".,eE+-−").contains(c))
            return QValidator::Invalid;
    }
    return QValidator::Intermediate;
}

} // namespace moe::training
