// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "fake_workspace.h"

#include "tests/support/folders.h"
#include "ui/shell/command_palette.h"
#include "ui/shell/log_dock.h"
#include "ui/shell/main_bar.h"
#include "ui/shell/main_window.h"
#include "ui/shell/settings_dialog.h"
#include "ui/shell/shortcut_sheet.h"
#include "ui/shell/start_page.h"
#include "ui/shell/start_parts.h"
#include "ui/shell/status_bar.h"
#include "ui/shell/translations.h"

#include <QApplication>
#include <QDir>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QMenuBar>
#include <QPushButton>
#include <QTableView>
#include <QTemporaryDir>
#include <QTest>
#include <QToolButton>

using namespace moe::shell;

class TestMainWindow : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase()
    {
        QFont face(QStringLiteral("Noto Sans"));
        face.setPixelSize(13);
        QApplication::setFont(face);
        installTranslations(*qApp, QStringLiteral("en"));
        ThemeSource::install(*qobject_cast<QApplication*>(qApp), ThemeChoice::Light);
    }

    void init()
    {
        m_folder = std::make_unique<QTemporaryDir>();
        m_settings = std::make_unique<Settings>(m_folder->filePath(QStringLiteral("settings.ini")));
        ThemeSource::instance().choose(ThemeChoice::Light);
        open();
    }
    void cleanup()
    {
        m_window.reset();
        m_settings.reset();
    }

    void everyActionStandsInExactlyOneMenu()
    {
        QHash<QAction*, int> seen;
        for (QAction* top : m_window->menuBar()->actions()) {
            for (QAction* action : top->menu()->actions())
                ++seen[action];
        }
        QVERIFY(m_window->actions().all().size() > 15);
        QSet<QString> keys;
        for (QAction* action : m_window->actions().all()) {
            const int wanted = ActionRegistry::isInMenu(action) ? 1 : 0;
            QVERIFY2(seen.value(action) == wanted, qPrintable(action->objectName()));
            QVERIFY2(
                !ActionRegistry::plainText(action).isEmpty(), qPrintable(action->objectName()));
            QVERIFY2(!action->toolTip().isEmpty(), qPrintable(action->objectName()));
            const QString key = action->shortcut().toString();
            QVERIFY2(key.isEmpty() || !keys.contains(key), qPrintable(key));
            keys.insert(key);
        }
        QStringList names;
        for (QAction* top : m_window->menuBar()->actions())
            names << top->text();
        QCOMPARE(names.join(QLatin1Char(' ')), QStringLiteral("File Edit View Run Chat Plan Help"));
    }

    void pagesSwitchByKeyAndMissingOnesSayWhy()
    {
        auto& actions = m_window->actions();
        QCOMPARE(m_window->page(), MainWindow::Page::Start);
        QTest::keyClick(m_window.get(), Qt::Key_2, Qt::ControlModifier);
        QCOMPARE(m_window->page(), MainWindow::Page::Training);
        QVERIFY(m_workspace->isVisible());
        QVERIFY(actions.find(QStringLiteral("view.training"))->isChecked());
        QVERIFY(!actions.find(QStringLiteral("view.start"))->isChecked());
        QTest::keyClick(m_window.get(), Qt::Key_3, Qt::ControlModifier);
        QCOMPARE(m_window->page(), MainWindow::Page::Training);
        const QAction* chat = actions.find(QStringLiteral("view.chat"));
        QVERIFY(!chat->isEnabled());
        QVERIFY(chat->toolTip().contains(QStringLiteral("0.2")));
        QTest::keyClick(m_window.get(), Qt::Key_1, Qt::ControlModifier);
        QCOMPARE(m_window->page(), MainWindow::Page::Start);
    }

    void theActivePageIsUnderlinedInTheAccent()
    {
        m_window->showPage(MainWindow::Page::Training);
        auto* bar = m_window->findChild<MainBar*>();
        const auto underline = [&](const char* id) {
            const QWidget* button
                = bar->widgetForAction(m_window->actions().find(QLatin1String(id)));
            const QImage image = bar->grab().toImage();
            return image.pixelColor(
                button->geometry().center().x(), button->geometry().bottom() - 1);
        };
        QTRY_COMPARE(underline("view.training"), theme().accent);
        QCOMPARE(underline("view.start"), theme().window);
        QCOMPARE(bar->height(), px(40));
        // the workspace's own actions and widgets are there, and go with it
        QAction* fresh = m_window->actions().find(QStringLiteral("run.new"));
        QTRY_VERIFY(bar->widgetForAction(fresh) && bar->widgetForAction(fresh)->isVisible());
        QVERIFY(m_workspace->toolbarWidgets().last()->isVisible());
        m_window->showPage(MainWindow::Page::Start);
        QVERIFY(!bar->widgetForAction(fresh));
        QTRY_VERIFY(!m_workspace->toolbarWidgets().last()->isVisible());
        m_window->showPage(MainWindow::Page::Training);
        QTRY_VERIFY(m_workspace->toolbarWidgets().last()->isVisible());
    }

    void paletteFindsActionsLayersAndSettings()
    {
        QTest::keyClick(m_window.get(), Qt::Key_K, Qt::ControlModifier);
        auto& palette = m_window->commandPalette();
        QVERIFY(palette.isVisible());
        auto* edit = palette.findChild<QLineEdit*>();
        QTest::keyClicks(edit, QStringLiteral("chat"));
        for (int row = 0; row < palette.model().rowCount(); ++row) // disabled: not offered
            QVERIFY(palette.model().index(row).data().toString() != QStringLiteral("Chat"));
        palette.setQuery(QStringLiteral("@layer 46"));
        QTest::keyClick(edit, Qt::Key_Return);
        QTRY_COMPARE(m_workspace->layer, 46);
        QTest::mouseClick(m_window->findChild<SearchField*>(), Qt::LeftButton);
        QVERIFY(palette.isVisible());
        palette.setQuery(QStringLiteral("theme: dark"));
        QTest::keyClick(edit, Qt::Key_Return);
        QTRY_VERIFY(theme().dark);
        QCOMPARE(m_settings->theme(), ThemeChoice::Dark);
    }

    void startPageRowsDoWhatTheySay()
    {
        auto& start = m_window->startPage();
        const auto row = [&start](const char* id) {
            return start.findChild<BeginRow*>(QLatin1String(id));
        };
        QTest::mouseClick(row("run.demo"), Qt::LeftButton);
        QCOMPARE(m_workspace->demos, 1);
        row("run.new")->setFocus();
        QTest::keyClick(row("run.new"), Qt::Key_Space);
        QCOMPARE(m_workspace->newRuns, 1);
        QVERIFY(!row("plan.new")->isEnabled());
        QVERIFY(row("plan.new")->toolTip().contains(QStringLiteral("0.4")));
        QVERIFY(!row("file.openModel")->toolTip().isEmpty());
    }

    void recentIsFilteredAndOpened()
    {
        auto& start = m_window->startPage();
        auto* table = start.findChild<QTableView*>(QStringLiteral("recentTable"));
        auto* empty = start.findChild<QLabel*>(QStringLiteral("recentEmpty"));
        auto* filter = start.findChild<QLineEdit*>(QStringLiteral("recentFilter"));
        QVERIFY(empty->isVisible() && !table->isVisible());
        QVERIFY(empty->text().startsWith(QStringLiteral("No runs yet.")));
        m_recent->fill();
        QVERIFY(!empty->isVisible() && table->isVisible());
        QCOMPARE(table->model()->rowCount(), 6);
        QTest::keyClicks(filter, QStringLiteral("const"));
        QCOMPARE(table->model()->rowCount(), 1);
        QTest::keyClick(filter, Qt::Key_Return);
        QCOMPARE(m_recent->activated, QStringLiteral("sky52-const"));
        filter->setText(QStringLiteral("no such thing"));
        QVERIFY(empty->isVisible());
        filter->clear();
        QTest::mouseClick(table->viewport(), Qt::LeftButton, {},
            table->visualRect(table->model()->index(2, 1)).center());
        QCOMPARE(m_recent->activated, QStringLiteral("skywork-tp8.json"));
        // another source's rows stand between them by time
        FakeRecent others;
        others.rows.append({QStringLiteral("chat"), QStringLiteral("A talk"), {}, {}, {},
            QDateTime::currentDateTime().addSecs(-75), {}});
        start.addRecentSource(&others);
        QCOMPARE(table->model()->rowCount(), 7);
        QCOMPARE(table->model()->index(2, 0).data().toString(), QStringLiteral("A talk"));
    }

    void openedSaysTheDayAsPeopleDo()
    {
        const QDateTime now(QDate(2024, 3, 1), QTime(9, 5));
        QCOMPARE(openedText(now, now), QStringLiteral("09:05"));
        QCOMPARE(openedText(now.addDays(-1), now), QStringLiteral("yesterday"));
        QCOMPARE(openedText(now.addDays(-2), now), QStringLiteral("28 Feb"));
        QCOMPARE(openedText(now.addYears(-1), now), QStringLiteral("1 Mar 2023"));
    }

    void layoutsSurviveARestart()
    {
        m_window->showPage(MainWindow::Page::Training);
        m_window->resize(1300, 800);
        auto* dock = m_workspace->findChild<QDockWidget*>(QStringLiteral("steeringDock"));
        dock->close();
        m_workspace->addDockWidget(Qt::RightDockWidgetArea,
            m_workspace->findChild<QDockWidget*>(QStringLiteral("runsDock")));
        m_workspace->table->setColumnWidth(1, 173);
        m_window->save();
        m_settings->saveLayout(QStringLiteral("Narrow / 1"));
        QCOMPARE(m_settings->layouts(), QStringList{QStringLiteral("Narrow / 1")});
        m_window.reset();
        open();
        QCOMPARE(m_window->page(), MainWindow::Page::Training);
        QCOMPARE(m_window->size(), QSize(1300, 800));
        QCOMPARE(m_workspace->table->columnWidth(1), 173);
        dock = m_workspace->findChild<QDockWidget*>(QStringLiteral("steeringDock"));
        QVERIFY(dock->isHidden());
        const auto areaOfRuns = [this] {
            return m_workspace->dockWidgetArea(
                m_workspace->findChild<QDockWidget*>(QStringLiteral("runsDock")));
        };
        QCOMPARE(areaOfRuns(), Qt::RightDockWidgetArea);
        // a page that was not opened in a session keeps what an earlier one saved
        m_settings->setPage(QStringLiteral("start"));
        m_window.reset();
        open();
        QCOMPARE(m_window->page(), MainWindow::Page::Start);
        m_window->save();
        m_window.reset();
        open();
        m_window->showPage(MainWindow::Page::Training);
        QCOMPARE(areaOfRuns(), Qt::RightDockWidgetArea);
        dock = m_workspace->findChild<QDockWidget*>(QStringLiteral("steeringDock"));
        QVERIFY(dock->isHidden());
        m_window->actions().find(QStringLiteral("view.defaultLayout"))->trigger();
        QVERIFY(!dock->isHidden());
        QCOMPARE(m_workspace->restored, 1);
        QVERIFY(m_workspace->table->columnWidth(1) != 173);
    }

    void shortcutsCanBeChanged()
    {
        auto& actions = m_window->actions();
        QAction* log = actions.find(QStringLiteral("view.log"));
        const QString clash = SettingsDialog::assignShortcut(
            *m_settings, actions, log, QKeySequence(Qt::CTRL | Qt::Key_K));
        QVERIFY(clash.contains(QStringLiteral("Find any action")));
        QCOMPARE(log->shortcut(), QKeySequence(Qt::CTRL | Qt::Key_QuoteLeft));
        QVERIFY(SettingsDialog::assignShortcut(
            *m_settings, actions, log, QKeySequence(Qt::CTRL | Qt::Key_L))
                    .isEmpty());
        m_window.reset();
        open();
        log = m_window->actions().find(QStringLiteral("view.log"));
        QCOMPARE(log->shortcut(), QKeySequence(Qt::CTRL | Qt::Key_L));
        QVERIFY(log->toolTip().contains(QStringLiteral("Ctrl+L")));
    }

    void logSurvivesMinimising()
    {
        auto* dock = m_window->findChild<LogDock*>();
        QVERIFY(!dock->isVisible());
        QTest::keyClick(m_window.get(), Qt::Key_QuoteLeft, Qt::ControlModifier);
        QTRY_VERIFY(dock->isVisible());
        m_window->showMinimized();
        QTest::qWait(20);
        QVERIFY(m_window->actions().find(QStringLiteral("view.log"))->isChecked());
        m_window->showNormal();
        QTRY_VERIFY(dock->isVisible());
        QVERIFY(!dock->isHidden());
        QTest::keyClick(m_window.get(), Qt::Key_QuoteLeft, Qt::ControlModifier);
        QVERIFY(!dock->isVisible());
    }

    void warningsAreCounted()
    {
        auto* button = m_window->findChild<QToolButton*>(QStringLiteral("warningsButton"));
        QVERIFY(!button->isVisible());
        warn();
        QTRY_VERIFY(button->isVisible());
        QCOMPARE(button->text(), QStringLiteral("1 warning"));
        m_window->messages().dismiss(QStringLiteral("dead"));
        QVERIFY(!button->isVisible());
    }

    void everyControlHasAName()
    {
        m_recent->fill();
        m_window->showPage(MainWindow::Page::Training); // its message has a button to name
        warn();
        SettingsDialog dialog(*m_settings, m_window->actions(), QStringLiteral("/tmp/store"));
        for (const QWidget* root :
            {static_cast<QWidget*>(m_window.get()), static_cast<QWidget*>(&dialog)}) {
            for (const QWidget* widget : root->findChildren<QWidget*>()) {
                const QString name = widget->objectName();
                if (widget->focusPolicy() == Qt::NoFocus || name.startsWith(QLatin1String("qt_"))
                    || qobject_cast<const QMenu*>(widget) || qobject_cast<const QMenuBar*>(widget)
                    || widget->inherits("QScrollBar") || widget->inherits("QHeaderView")
                    || widget->inherits("QToolBarExtension"))
                    continue;
                if (widget->inherits("QScrollArea") || widget->inherits("QDockWidget")
                    || widget->inherits("QTabBar"))
                    continue;
                const auto* button = qobject_cast<const QAbstractButton*>(widget);
                const bool named
                    = !widget->accessibleName().isEmpty() || (button && !button->text().isEmpty());
                const bool inner = widget->parentWidget()
                    && (widget->parentWidget()->inherits("QAbstractSpinBox")
                        || widget->parentWidget()->inherits("QAbstractItemView")
                        || widget->parentWidget()->inherits("QComboBoxPrivateContainer")
                        || widget->parentWidget()->inherits("QLineEdit"));
                QVERIFY2(named || inner,
                    qPrintable(QLatin1String(widget->metaObject()->className()) + QLatin1Char(' ')
                        + name + QLatin1String(" in ")
                        + QLatin1String(widget->parentWidget()->metaObject()->className())));
            }
        }
    }

    void nothingIsCutOff_data()
    {
        QTest::addColumn<QString>("family");
        QTest::addColumn<QSize>("size");
        for (const QString& family : {QStringLiteral("Noto Sans"), QStringLiteral("DejaVu Sans")}) {
            for (const QSize size : {QSize(1600, 1000), QSize(1280, 800), QSize(2560, 1440)}) {
                const QString name = family + QStringLiteral(" %1").arg(size.width());
                QTest::newRow(qPrintable(name)) << family << size;
            }
        }
    }

    void nothingIsCutOff()
    {
        QFETCH(QString, family);
        QFETCH(QSize, size);
        m_window.reset();
        const QFont before = QApplication::font();
        QFont face(family);
        face.setPixelSize(13);
        QApplication::setFont(face);
        open();
        m_recent->fill();
        warn();
        m_window->resize(size);
        for (const auto page : {MainWindow::Page::Start, MainWindow::Page::Training}) {
            m_window->showPage(page);
            QTest::qWait(30);
            expectTextFits();
        }
        // the start page needs no scrolling down to 1280 × 800
        m_window->messages().dismiss(QStringLiteral("dead"));
        m_window->showPage(MainWindow::Page::Start);
        QTest::qWait(30);
        auto& start = m_window->startPage();
        QVERIFY2(start.widget()->minimumSizeHint().height() <= start.viewport()->height(),
            qPrintable(QStringLiteral("%1 in %2")
                           .arg(start.widget()->minimumSizeHint().height())
                           .arg(start.viewport()->height())));
        m_window.reset();
        QApplication::setFont(before);
    }

    void pictures()
    {
        const QString folder = moe::tests::qInBuild("screenshots");
        QVERIFY(QDir().mkpath(folder));
        m_recent->fill();
        for (const auto choice : {ThemeChoice::Light, ThemeChoice::Dark}) {
            ThemeSource::instance().choose(choice);
            for (const QSize size : {QSize(1600, 1000), QSize(1280, 800), QSize(2560, 1440)}) {
                m_window->resize(size);
                const auto save = [&](const char* name) {
                    QTest::qWait(60);
                    const QPixmap picture = m_window->grab();
                    QVERIFY(picture.save(
                        QStringLiteral("%1/shell-%2-%3-%4.png")
                            .arg(folder, QLatin1String(name))
                            .arg(size.width())
                            .arg(choice == ThemeChoice::Dark ? QStringLiteral("dark")
                                                             : QStringLiteral("light"))));
                };
                m_window->showPage(MainWindow::Page::Start);
                save("start");
                m_window->showPage(MainWindow::Page::Training);
                warn();
                m_window->openPalette(QStringLiteral("lay"));
                save("palette");
                m_window->commandPalette().dismiss();
                m_window->messages().dismiss(QStringLiteral("dead"));
            }
            SettingsDialog dialog(
                *m_settings, m_window->actions(), QStringLiteral("/home/you/store.sqlite"));
            dialog.show();
            ShortcutSheet sheet(m_window->actions());
            sheet.show();
            QTest::qWait(60);
            const QString suffix = choice == ThemeChoice::Dark ? QStringLiteral("dark.png")
                                                               : QStringLiteral("light.png");
            QVERIFY(dialog.grab().save(folder + QStringLiteral("/shell-settings-") + suffix));
            QVERIFY(sheet.grab().save(folder + QStringLiteral("/shell-shortcuts-") + suffix));
            auto* view = m_window->menuBar()->actions().at(2)->menu();
            view->popup({0, 0});
            QTest::qWait(30);
            QVERIFY(view->grab().save(folder + QStringLiteral("/shell-menu-") + suffix));
            view->close();
        }
    }

private:
    void open()
    {
        m_window = std::make_unique<MainWindow>(
            *m_settings, m_folder->filePath(QStringLiteral("store.sqlite")), m_log);
        m_workspace = new FakeWorkspace(m_window->services());
        m_workspace->arranges = true;
        m_window->addWorkspace(MainWindow::Page::Training, m_workspace);
        m_recent = new FakeRecent;
        m_recent->setParent(m_window.get());
        m_window->startPage().addRecentSource(m_recent);
        m_window->restore();
        m_window->show();
        QVERIFY(QTest::qWaitForWindowActive(m_window.get()));
    }

    void warn()
    {
        m_window->messages().show({QStringLiteral("dead"), MessageBar::Level::Warning,
            QStringLiteral("Layer 37, expert 11 is dead:"),
            QStringLiteral("no assignments since step 16,904. Raise ξ or α_max, or open the layer "
                           "to see when it faded."),
            QStringLiteral("Open layer 37"), [] {
            }});
    }

    void expectTextFits()
    {
        for (const auto* label : m_window->findChildren<QLabel*>()) {
            if (!label->isVisible() || label->text().isEmpty() || label->wordWrap())
                continue;
            QVERIFY2(label->fontMetrics().horizontalAdvance(label->text())
                    <= label->contentsRect().width() + 1,
                qPrintable(label->text()));
            QVERIFY2(
                label->fontMetrics().height() <= label->height() + 1, qPrintable(label->text()));
        }
        for (const auto* button : m_window->findChildren<QAbstractButton*>()) {
            if (!button->isVisible() || button->text().isEmpty())
                continue;
            QVERIFY2(button->fontMetrics().horizontalAdvance(button->text()) <= button->width(),
                qPrintable(button->text()));
            const QRect inWindow(button->mapTo(m_window.get(), QPoint()), button->size());
            QVERIFY2(inWindow.left() >= 0 && inWindow.right() < m_window->width(),
                qPrintable(button->text()));
        }
    }

    LogModel m_log;
    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<Settings> m_settings;
    std::unique_ptr<MainWindow> m_window;
    FakeWorkspace* m_workspace = nullptr;
    FakeRecent* m_recent = nullptr;
};

QTEST_MAIN(TestMainWindow)
#include "tst_main_window.moc"
