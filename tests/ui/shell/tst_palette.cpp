// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/command_palette.h"
#include "ui/shell/palette_match.h"
#include "ui/shell/theme.h"

#include <QAbstractItemModelTester>
#include <QLineEdit>
#include <QListView>
#include <QPushButton>
#include <QRandomGenerator>
#include <QSignalSpy>
#include <QTest>

using namespace moe::shell;

class TestPalette : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void matching()
    {
        const auto at = [](const char* text, const char* query) {
            return matchPalette(QString::fromUtf8(text), QString::fromUtf8(query));
        };
        QVERIFY(at("Layout: save as…", "lay")->prefix);
        QVERIFY(!at("Copy pipeline layout", "lay")->prefix);
        QCOMPARE(at("Copy pipeline layout", "LAY")->spans.first().start, 14);
        QVERIFY(!at("Layer: next", "layx"));
        QVERIFY(at("anything", "")->spans.isEmpty());
        QCOMPARE(at("Layer: next", "next layer")->spans.size(), 2);
        QVERIFY(!at("Layer: next", "next layout"));
        QCOMPARE(at("aab", "a aab")->spans.size(), 1); // overlapping spans become one
        QVERIFY(at("打开第 37 层", "37 层"));
    }

    void spansAlwaysLieInTheText()
    {
        const quint32 seed = QRandomGenerator::global()->generate();
        qInfo("seed %u", seed);
        QRandomGenerator random(seed);
        const auto word = [&random](int most) {
            QString text;
            for (int i = random.bounded(most); i > 0; --i)
                text += QLatin1Char("abC  :"[random.bounded(6)]);
            return text;
        };
        for (int round = 0; round < 5000; ++round) {
            const QString text = word(20);
            const QString query = word(6);
            const auto match = matchPalette(text, query);
            if (!match)
                continue;
            int end = 0;
            for (const auto& span : match->spans) {
                QVERIFY(span.start >= end && span.length > 0);
                end = span.start + span.length;
                QVERIFY(end <= text.size());
            }
        }
    }

    void prefixHitsComeFirstAndGroupsKeepTheirOrder()
    {
        PaletteModel model;
        const QAbstractItemModelTester tester(&model);
        model.setGroups(groups());
        model.setQuery(QStringLiteral("lay"));
        QCOMPARE(shown(model),
            QStringLiteral("[Actions] Layout: save as…|Layer: next|Export heatmap, layers|"
                           "[Layers of demo] Layer 5|[Settings] Language and display"));
        QCOMPARE(model.hits(), 5);
        QCOMPARE(model.total(), 8);
        model.setQuery(QStringLiteral("@"));
        QCOMPARE(shown(model), QStringLiteral("[Layers of demo] Layer 5"));
        model.setQuery(QStringLiteral("# sk"));
        QCOMPARE(shown(model), QStringLiteral("[Runs] sky52-const"));
        model.setQuery(QStringLiteral(">quit"));
        QCOMPARE(shown(model), QStringLiteral("[Actions] Quit"));
        model.setQuery(QStringLiteral("zzz"));
        QCOMPARE(model.rowCount(), 0);
        QCOMPARE(model.firstEntry(), -1);
        model.setQuery({});
        QCOMPARE(model.hits(), 8);
    }

    void keysWalkAndRun()
    {
        QWidget page;
        page.resize(1200, 800);
        auto* other = new QPushButton(QStringLiteral("elsewhere"), &page);
        CommandPalette palette(&page);
        page.show();
        QVERIFY(QTest::qWaitForWindowActive(&page));
        other->setFocus();
        palette.open(groups(), 92);
        auto* edit = palette.findChild<QLineEdit*>();
        auto* list = palette.findChild<QListView*>();
        QVERIFY(palette.isVisible() && edit->hasFocus());
        QTest::keyClicks(edit, QStringLiteral("lay"));
        QCOMPARE(list->currentIndex().data().toString(), QStringLiteral("Layout: save as…"));
        QTest::keyClick(edit, Qt::Key_Up); // the first stays the first
        QCOMPARE(list->currentIndex().row(), 1);
        QTest::keyClick(edit, Qt::Key_Down);
        QTest::keyClick(edit, Qt::Key_Down);
        QTest::keyClick(edit, Qt::Key_Down); // over the heading
        QCOMPARE(list->currentIndex().data().toString(), QStringLiteral("Layer 5"));
        QVERIFY(m_ran.isEmpty());
        QTest::keyClick(edit, Qt::Key_Return);
        QVERIFY(!palette.isVisible());
        QVERIFY(m_ran.isEmpty()); // not inside the key event
        QTRY_COMPARE(m_ran, QStringLiteral("Layer 5"));
        QVERIFY(other->hasFocus());

        palette.open(groups(), 92);
        QTest::keyClick(edit, Qt::Key_Escape);
        QVERIFY(!palette.isVisible() && other->hasFocus());
        palette.open(groups(), 92);
        QTest::mouseClick(&page, Qt::LeftButton, {}, {5, 5});
        QVERIFY(!palette.isVisible());
        palette.open(groups(), 92, QStringLiteral("nothing like it"));
        QTest::keyClick(edit, Qt::Key_Down);
        QTest::keyClick(edit, Qt::Key_Return);
        QVERIFY(palette.isVisible());
    }

    void clickingRunsAndHeadingsDoNot()
    {
        QWidget page;
        page.resize(1200, 800);
        CommandPalette palette(&page);
        page.show();
        palette.open(groups(), 92);
        auto* list = palette.findChild<QListView*>();
        m_ran.clear();
        const auto centre = [list](int row) {
            return list->visualRect(list->model()->index(row, 0)).center();
        };
        QTest::mouseClick(list->viewport(), Qt::LeftButton, {}, centre(0));
        QVERIFY(palette.isVisible());
        QTest::mouseClick(list->viewport(), Qt::LeftButton, {}, centre(2));
        QVERIFY(!palette.isVisible());
        QTRY_COMPARE(m_ran, QStringLiteral("Layer: next"));
    }

    void itIsAsWideAsTheRuleSaysAndNeverLeavesTheWindow()
    {
        QWidget page;
        CommandPalette palette(&page);
        for (const int width : {2560, 1280, 500}) {
            page.resize(width, 700);
            QList<PaletteGroup> many = groups();
            for (int i = 0; i < 300; ++i)
                many[0].entries.append({QStringLiteral("Action %1").arg(i), {}, {}, {}, [] {
                                        }});
            palette.open(many, 92);
            const QRect body = palette.geometry().adjusted(px(16), px(16), -px(16), -px(16));
            QCOMPARE(body.width(), std::min(px(640), width - px(24)));
            QCOMPARE(body.top(), 92);
            QVERIFY(body.bottom() < page.height());
        }
    }

private:
    QList<PaletteGroup> groups()
    {
        const auto entry = [this](const char* text) {
            const QString name = QString::fromUtf8(text);
            return PaletteEntry{name, {}, {}, {}, [this, name] {
                                    m_ran = name;
                                }};
        };
        return {{QStringLiteral("Actions"), QLatin1Char('>'),
                    {entry("Layout: save as…"), entry("Layer: next"),
                        entry("Export heatmap, layers"), entry("Quit")}},
            {QStringLiteral("Layers of demo"), QLatin1Char('@'), {entry("Layer 5")}},
            {QStringLiteral("Runs"), QLatin1Char('#'), {entry("sky52-const"), entry("demo")}},
            {QStringLiteral("Settings"), {}, {entry("Language and display")}}};
    }

    static QString shown(const PaletteModel& model)
    {
        QString text;
        for (int row = 0; row < model.rowCount(); ++row) {
            const QString one = model.index(row).data().toString();
            if (model.isHeading(row))
                text += (text.isEmpty() ? QStringLiteral("[%1] ") : QStringLiteral("|[%1] "))
                            .arg(one);
            else
                text
                    += (text.endsWith(QLatin1String("] ")) ? QString() : QStringLiteral("|")) + one;
        }
        return text;
    }

    QString m_ran;
};

QTEST_MAIN(TestPalette)
#include "tst_palette.moc"
