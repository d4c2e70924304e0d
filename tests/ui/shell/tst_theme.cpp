// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/segments.h"
#include "ui/shell/style.h"
#include "ui/shell/theme.h"

#include <QApplication>
#include <QDir>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QSignalSpy>
#include <QTest>
#include <QToolButton>
#include <QVBoxLayout>

#include <cmath>

using namespace moe::shell;

namespace {

double luminance(const QColor& color)
{
    const auto channel = [](double v) {
        return v <= 0.03928 ? v / 12.92 : std::pow((v + 0.055) / 1.055, 2.4);
    };
    return 0.2126 * channel(color.redF()) + 0.7152 * channel(color.greenF())
        + 0.0722 * channel(color.blueF());
}

double contrast(const QColor& a, const QColor& b)
{
    const double x = luminance(a);
    const double y = luminance(b);
    return (std::max(x, y) + 0.05) / (std::min(x, y) + 0.05);
}

} // namespace

class TestTheme : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void textIsReadable_data()
    {
        QTest::addColumn<bool>("dark");
        QTest::newRow("light") << false;
        QTest::newRow("dark") << true;
    }

    void textIsReadable()
    {
        QFETCH(bool, dark);
        const Theme t = dark ? Theme::darkTheme() : Theme::light();
        for (const QColor& ink : {t.text, t.text2, t.text3, t.accent, t.error, t.warn, t.ok}) {
            QVERIFY2(contrast(ink, t.base) >= 4.5, qPrintable(ink.name()));
            QVERIFY2(contrast(ink, t.window) >= 4.5, qPrintable(ink.name()));
        }
        QVERIFY(contrast(t.onAccent, t.accent) >= 4.5);
        QVERIFY(contrast(t.selText, t.sel) >= 10);
        for (const QColor& ground : {t.errorBg, t.warnBg, t.infoBg, t.hover, t.alt})
            QVERIFY2(contrast(t.text, ground) >= 4.5, qPrintable(ground.name()));
        QVERIFY(contrast(t.border, t.base) >= 3);
        QVERIFY(contrast(t.border, t.window) >= 3);
        for (const QColor& curve : t.series)
            QVERIFY2(contrast(curve, t.base) >= 4, qPrintable(curve.name()));
    }

    void mapsMeetTheirStops()
    {
        const Theme t = Theme::light();
        QCOMPARE(t.utilisation(0), t.diverging.front());
        QCOMPARE(t.utilisation(1), t.diverging[3]);
        QCOMPARE(t.utilisation(2), t.diverging.back());
        QCOMPARE(t.utilisation(17), t.diverging.back());
        QCOMPARE(t.utilisation(-1), t.diverging.front());
        QCOMPARE(t.layer(0), t.layerStops.front());
        QCOMPARE(t.layer(1), t.layerStops.back());
        // between two stops a colour lies between them
        const QColor middle = t.utilisation(0.65);
        QVERIFY(middle.red() > t.diverging[1].red() && middle.red() < t.diverging[2].red());
        QCOMPARE(Theme::blend(QColor(200, 100, 0), QColor(0, 0, 100), 0.5), QColor(100, 50, 50));
    }

    void digitsOfTheNumberFontAreEquallyWide()
    {
        for (const TextRole role : {TextRole::Caption, TextRole::Secondary, TextRole::Readout}) {
            for (const bool semibold : {false, true}) {
                const QFontMetricsF metrics(numberFont(role, semibold));
                for (char digit = '1'; digit <= '9'; ++digit)
                    QCOMPARE(metrics.horizontalAdvance(QLatin1Char(digit)),
                        metrics.horizontalAdvance(QLatin1Char('0')));
            }
        }
    }

    void sizesFollowTheFont()
    {
        const QFont before = QApplication::font();
        QFont face(QStringLiteral("Noto Sans"));
        face.setPixelSize(13);
        QApplication::setFont(face);
        QCOMPARE(em(), 18);
        QCOMPARE(px(40), 40);
        QCOMPARE(px(0), 0);
        QCOMPARE(font(TextRole::Caption).pixelSize(), 11);
        QCOMPARE(font(TextRole::Secondary).pixelSize(), 12);
        QCOMPARE(font(TextRole::Chat).pixelSize(), 14);
        QCOMPARE(font(TextRole::Section).pixelSize(), 15);
        QCOMPARE(font(TextRole::Readout).pixelSize(), 18);
        QCOMPARE(font(TextRole::Title).pixelSize(), 26);
        face.setPixelSize(26);
        QApplication::setFont(face);
        QVERIFY(px(40) >= 78 && px(40) <= 82);
        QApplication::setFont(before);
    }

    void everyIconDraws()
    {
        const QStringList files
            = QDir(QStringLiteral(":/moe/icons")).entryList({QStringLiteral("*.svg")});
        QVERIFY(files.size() > 30);
        for (const QString& file : files) {
            const QString name = file.chopped(4);
            const QImage image = icon(name, &Theme::text).pixmap(QSize(16, 16), 1.0).toImage();
            QCOMPARE(image.size(), QSize(16, 16));
            bool drawn = false;
            for (int y = 0; y < 16; ++y) {
                for (int x = 0; x < 16; ++x)
                    drawn = drawn || qAlpha(image.pixel(x, y)) > 100;
            }
            QVERIFY2(drawn, qPrintable(name));
        }
        QVERIFY(icon(QString()).isNull());
    }

    void switchingChangesWhatIsSeen()
    {
        ThemeSource::instance().choose(ThemeChoice::Light);
        QWidget page;
        page.setAutoFillBackground(true);
        auto* layout = new QVBoxLayout(&page);
        auto* field = new QLineEdit(&page);
        auto* label = makeLabel(QStringLiteral("██████"), TextRole::Body, &Theme::accent);
        auto* button = makeIconButton(QStringLiteral("square"), QStringLiteral("Stop"), &page);
        layout->addWidget(field);
        layout->addWidget(label);
        layout->addWidget(button);
        page.resize(300, 200);
        page.show();
        QVERIFY(QTest::qWaitForWindowExposed(&page));
        QCOMPARE(button->accessibleName(), QStringLiteral("Stop"));
        page.setFocus(); // no focus ring on the field
        const auto at = [&page](QPoint where) {
            return page.grab().toImage().pixelColor(where);
        };
        const QPoint inField = field->geometry().center();
        const QPoint inLabel(label->geometry().left() + 20, label->geometry().center().y());
        QCOMPARE(at({2, 2}), Theme::light().window);
        QCOMPARE(at(inField), Theme::light().base);
        QCOMPARE(at(inLabel), Theme::light().accent);
        QSignalSpy spy(&ThemeSource::instance(), &ThemeSource::changed);
        ThemeSource::instance().choose(ThemeChoice::Dark);
        QCOMPARE(spy.count(), 1);
        QTRY_COMPARE(at({2, 2}), Theme::darkTheme().window); // widgets hear of it by event
        QCOMPARE(at(inField), Theme::darkTheme().base);
        QCOMPARE(at(inLabel), Theme::darkTheme().accent);
        ThemeSource::instance().choose(ThemeChoice::Light);
        QTRY_COMPARE(at({2, 2}), Theme::light().window);
    }

    void focusIsARingInTheAccent()
    {
        QWidget page;
        auto* layout = new QVBoxLayout(&page);
        auto* first = new QLineEdit(&page);
        auto* second = new QPushButton(QStringLiteral("Apply"), &page);
        layout->addWidget(first);
        layout->addWidget(second);
        page.show();
        QVERIFY(QTest::qWaitForWindowActive(&page));
        const auto edge = [](QWidget* widget) {
            return widget->grab().toImage().pixelColor(widget->width() / 2, 1);
        };
        first->setFocus();
        QCOMPARE(edge(first), theme().accent);
        QVERIFY(edge(second) != theme().accent);
        second->setFocus();
        QCOMPARE(edge(second), theme().accent);
        QCOMPARE(first->height(), px(26));
        QCOMPARE(second->height(), px(26));
        makeSmall(second);
        QTRY_COMPARE(second->sizeHint().height(), px(22));
    }

    void segmentsShareTheirBorder()
    {
        QWidget page;
        auto* row = new QHBoxLayout(&page);
        row->setSpacing(0);
        QList<QPushButton*> buttons;
        for (const char* word : {"One", "Two", "Three"}) {
            buttons += new QPushButton(QLatin1String(word), &page);
            row->addWidget(buttons.last());
        }
        makeSegments(buttons);
        page.show();
        QVERIFY(QTest::qWaitForWindowActive(&page));
        page.setFocus(); // no ring
        const QImage shown = page.grab().toImage();
        const auto borders = [&](int x, int y) { // round the place where two meet
            int count = 0;
            for (int at = x - 4; at <= x + 4; ++at)
                count += shown.pixelColor(at, y) == theme().border ? 1 : 0;
            return count;
        };
        for (int i = 0; i < 2; ++i) {
            const QRect one = buttons[i]->geometry();
            QCOMPARE(borders(one.right(), one.center().y()), 1);
            QCOMPARE(borders(one.right(), one.top()), 9); // no round corner between them
        }
    }

    /// A tool button that opens a list is as wide as its text, its icon and the chevron need.
    void aFieldHasAFrameAndAChevron()
    {
        QToolButton plain, field;
        for (QToolButton* button : {&plain, &field}) {
            button->setText(QStringLiteral("model"));
            button->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
        }
        makeField(&field);
        QCOMPARE(field.sizeHint().width(), plain.sizeHint().width() + px(26));
        field.resize(field.sizeHint());
        const QImage shown = field.grab().toImage();
        QCOMPARE(shown.pixelColor(field.width() / 2, 0), theme().border);
    }
};

QTEST_MAIN(TestTheme)
#include "tst_theme.moc"
