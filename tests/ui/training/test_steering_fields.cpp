// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "../session/tiny_run.h"

#include "engine/train/steering.h"
#include "kernels/error.h"
#include "ui/training/law_row.h"
#include "ui/training/number_field.h"
#include "ui/training/steering_panel.h"

#include <QPushButton>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QtTest>

using namespace moe;
using training::NumberField;

/// Fields of values in force: Apply sends what was typed and nothing else.
class TestSteeringFields : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void takesWhatTheEngineTakes();
    void sendsOnlyWhatWasTyped();
    void sendsOnlyWhatWasTypedOfTheLaw();

private:
    static void type(const QWidget& panel, const char* name, const QString& text)
    {
        auto* field = panel.findChild<NumberField*>(QString::fromLatin1(name));
        QVERIFY(field);
        field->selectAll();
        QTest::keyClicks(field, text);
    }
};

void TestSteeringFields::takesWhatTheEngineTakes()
{
    QTemporaryDir folder;
    const std::filesystem::path path = folder.path().toStdString();
    tiny::writeCorpus(path);
    const train::RunFile file = tiny::runFile(path, 10);
    const training::SteeringPanel panel;
    const training::LawRow law;
    const auto most = [](const QWidget& in, const char* name) {
        return in.findChild<NumberField*>(QString::fromLatin1(name))->maximum();
    };
    const std::string adaptive = "moe.aux_coeff.adaptive.";
    for (const auto& [key, largest] :
        {std::pair(std::string("optimizer.lr"), most(panel, "lrField")),
            std::pair(std::string("moe.capacity_factor"), most(panel, "capacityField")),
            std::pair(adaptive + "xi", most(law, "xiField")),
            std::pair(adaptive + "alpha_max", most(law, "alphaMaxField")),
            std::pair(adaptive + "beta", most(law, "betaField")),
            std::pair(std::string("moe.aux_coeff"), most(law, "constantField"))}) {
        train::RunFile copy = file;
        const auto steer = [&](double value) {
            train::applySteering(copy, key, base::Json(value).dump());
        };
        if (key.starts_with(adaptive))
            train::applySteering(copy, "moe.aux_coeff", R"({"adaptive": {}})");
        steer(largest); // throws where the field is wider than the engine
        QVERIFY_THROWS_EXCEPTION(Error, steer(1.01 * largest));
    }
}

void TestSteeringFields::sendsOnlyWhatWasTyped()
{
    training::SteeringPanel panel;
    panel.show();
    models::RunSettings settings;
    settings.lr = 40;
    settings.capacityFactor = 5000;
    settings.coefficient = models::RunSettings::Coefficient::Adaptive;
    panel.refresh(settings, true, 0.01);
    auto* apply = panel.findChild<QPushButton*>(QStringLiteral("applySteering"));
    QVERIFY(!apply->isVisible());
    QSignalSpy sent(&panel, &training::SteeringPanel::steer);
    type(panel, "lrField", QStringLiteral("30"));
    QTest::mouseClick(apply, Qt::LeftButton);
    QCOMPARE(sent.size(), 1);
    QCOMPARE(sent[0][0].toString(), QStringLiteral("optimizer.lr"));
    QCOMPARE(sent[0][1].toString(), QStringLiteral("30"));
}

void TestSteeringFields::sendsOnlyWhatWasTypedOfTheLaw()
{
    training::LawRow law;
    law.show();
    models::RunSettings settings;
    settings.coefficient = models::RunSettings::Coefficient::Adaptive;
    settings.xi = 5000;
    settings.alphaMax = 20'000;
    law.refresh(settings, true);
    auto* apply = law.findChild<QPushButton*>(QStringLiteral("applyLaw"));
    QVERIFY(!apply->isEnabled());
    QSignalSpy sent(&law, &training::LawRow::steer);
    type(law, "betaField", QStringLiteral("0.5"));
    QTest::mouseClick(apply, Qt::LeftButton);
    QCOMPARE(sent.size(), 1);
    QCOMPARE(sent[0][0].toString(), QStringLiteral("moe.aux_coeff.adaptive.beta"));
    // A value that no field holds is nobody's edit.
    settings.xi = 1e9;
    settings.beta = 0.5;
    law.refresh(settings, true);
    QVERIFY(!apply->isEnabled());
}

QTEST_MAIN(TestSteeringFields)
#include "test_steering_fields.moc"
