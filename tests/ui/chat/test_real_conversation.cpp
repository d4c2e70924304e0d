// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "chat_window.h"
#include "tab_text.h"
#include "versed_model.h"

#include "tests/support/folders.h"
#include "tests/support/http_client.h"
#include "ui/chat/code_block.h"
#include "ui/chat/expert_strip.h"
#include "ui/chat/markdown_text.h"
#include "ui/plots/heatmap_plot.h"
#include "ui/shell/main_window.h"
#include "ui/shell/translations.h"
#include "ui/training/training_workspace.h"

#include <QComboBox>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QPainter>
#include <QPushButton>
#include <QSpinBox>
#include <QTableView>
#include <QTemporaryDir>
#include <QTextBlock>
#include <QTextList>
#include <QTextTable>
#include <QToolButton>

#include <memory>

using namespace moe;
using namespace moe::chat;

namespace {

/// The program's window with both pages that there are, as a person has it before them.
struct Program {
    explicit Program(const std::filesystem::path& store)
        : settings(folder.filePath(QStringLiteral("settings.ini")))
        , window(settings, QString::fromStdString(store.string()), log)
        , page(new ChatWorkspace(window.services(), store))
    {
        using Page = shell::MainWindow::Page;
        page->setThreads(2);
        window.addWorkspace(
            Page::Training, new training::TrainingWorkspace(window.services(), store));
        window.addWorkspace(Page::Chat, page);
        window.restore();
        window.resize(1600, 1000);
        window.showPage(Page::Chat);
        window.show();
        [this] {
            QVERIFY(QTest::qWaitForWindowActive(&window));
        }();
    }
    template <typename Widget> Widget* find(const char* name) const
    {
        return window.findChild<Widget*>(QString::fromLatin1(name));
    }
    void click(QWidget* widget) const { QTest::mouseClick(widget, Qt::LeftButton); }
    void trigger(const char* action)
    {
        window.actions().find(QString::fromLatin1(action))->trigger();
    }

    QTemporaryDir folder;
    shell::Settings settings;
    shell::LogModel log;
    shell::MainWindow window;
    ChatWorkspace* page;
};

/// What has less room than its text takes, of all that is in sight.
QStringList cutIn(const QWidget& window)
{
    QStringList cut;
    const auto check = [&cut](const QWidget& widget, const QString& text, int room) {
        QString plain = text;
        const int wide = widget.fontMetrics().horizontalAdvance(plain.remove(QLatin1Char('&')));
        if (wide > room + 1)
            cut += QStringLiteral("%1: %2 of %3").arg(text).arg(room).arg(wide);
    };
    for (const auto* label : window.findChildren<QLabel*>()) {
        if (label->isVisible() && !label->wordWrap())
            check(*label, label->text(), label->contentsRect().width());
    }
    for (const auto* button : window.findChildren<QAbstractButton*>()) {
        if (button->isVisible() && button->width() < button->minimumSizeHint().width())
            check(*button, button->text(), button->width());
    }
    for (const auto* bar : window.findChildren<QTabBar*>()) {
        for (int tab = 0; tab < bar->count() && !bar->visibleRegion().isEmpty(); ++tab)
            if (const QString written = writtenOn(*bar, tab); written != bar->tabText(tab))
                cut += written;
    }
    for (const auto* header : window.findChildren<QHeaderView*>()) {
        for (int i = 0; i < header->count() && header->isVisible(); ++i) {
            if (header->orientation() == Qt::Horizontal && !header->isSectionHidden(i))
                check(*header, header->model()->headerData(i, Qt::Horizontal).toString(),
                    header->sectionSize(i));
        }
    }
    return cut;
}

} // namespace

/// A conversation with a model that has learnt to answer: Markdown, code and Chinese as the window
/// shows them, with the experts, in both languages and themes and at three sizes, and every dock of
/// the page. The pictures (screenshots/conversation) are for people to look at.
class TestRealConversation : public QObject {
    Q_OBJECT
public:
    static void initMain();
private Q_SLOTS:
    void initTestCase();
    void conversation_data();
    void conversation();

private:
    void ask(const QString& question);
    void askAnew(const QString& question);
    void hover();
    void save(const QString& what);
    void saveConversation();
    void saveSizes(const QString& what);
    void checkReply(const QString& codeHas, const QString& textHas);
    void checkDocks();
    void checkEndpoint();
    void checkMasks();
    void checkComparisons();
    ChatView& view() const { return *m_program->find<ChatView>("chatView"); }
    chats::Conversation newest() const { return newestOf(m_store); }

    QTemporaryDir m_folder;
    std::filesystem::path m_model, m_store;
    std::unique_ptr<Program> m_program;
    QString m_language, m_hovered;
    QStringList m_cut; ///< pictures that had something cut off
};

/// The screen that is not there holds the widest window, so that the tooltip stands where it would.
void TestRealConversation::initMain()
{
    static QTemporaryDir folder;
    QFile file(folder.filePath(QStringLiteral("screen.json")));
    if (qgetenv("QT_QPA_PLATFORM") != "offscreen" || !file.open(QIODevice::WriteOnly))
        return;
    file.write(R"({"screens": [{"name": "wide", "x": 0, "y": 0, "width": 2560, "height": 1440,
 "logicalDpi": 96, "logicalBaseDpi": 96, "dpr": 1}]})");
    qputenv("QT_QPA_PLATFORM", "offscreen:configfile=" + file.fileName().toUtf8());
}

void TestRealConversation::initTestCase()
{
    useFontOfTests();
    const std::filesystem::path folder = m_folder.path().toStdString();
    QElapsedTimer clock;
    clock.start();
    m_model = versed::train(folder, folder / "runs.sqlite");
    qInfo("trained in %lld ms", static_cast<long long>(clock.elapsed()));
}

/// Until the store has the end of the reply.
void TestRealConversation::ask(const QString& question)
{
    auto* input = m_program->find<QPlainTextEdit>("chatInput");
    input->setFocus();
    input->insertPlainText(question); // Chinese has no keys
    QTest::keyClick(input, Qt::Key_Return);
    QVERIFY(m_program->page->isReplying());
    QTRY_VERIFY_WITH_TIMEOUT(!m_program->page->isReplying(), kLong);
    const auto ended = [this] {
        const chats::Conversation said = newest();
        const chats::Message* last = said.find(said.leaf);
        return last != nullptr && last->state == chats::MessageState::Done
            && !chats::ChatStore(m_store).routing(last->id).empty();
    };
    QTRY_VERIFY(ended());
    const chats::Conversation said = newest();
    QCOMPARE(said.find(said.leaf)->facts.finish, std::string("stop"));
}

void TestRealConversation::askAnew(const QString& question)
{
    m_program->trigger("chat.new");
    m_program->page->setSampling(42, 600);
    auto* preset = m_program->find<QComboBox>("preset");
    preset->setFocus();
    QTest::keyClick(preset, Qt::Key_Home); // precise: the likeliest token each time
    ask(question);
}

/// The mouse over the first token of the last reply that ends with `m_hovered`.
void TestRealConversation::hover()
{
    QTest::mouseMove(m_program->find<QPlainTextEdit>("chatInput"));
    const int64_t reply = newest().leaf;
    const chats::ReplyRouting routing
        = chats::decodeRouting(chats::ChatStore(m_store).routing(reply));
    const auto found = std::ranges::find_if(routing.texts,
        [this](const std::string& text) { return text.ends_with(m_hovered.toStdString()); });
    QVERIFY2(found != routing.texts.end(), qPrintable(m_hovered));
    const auto column = static_cast<int>(found - routing.texts.begin());
    StripCanvas& canvas = view().view(reply)->strip()->canvas();
    QTest::mouseMove(&canvas, canvas.columnRect(column).center());
    QTRY_COMPARE(canvas.current(), column);
}

/// With the tooltip, which is a window of its own.
void TestRealConversation::save(const QString& what)
{
    QTest::qWait(100); // maps are drawn when the event loop comes to it
    const shell::MainWindow& window = m_program->window;
    QPixmap picture = m_program->window.grab();
    for (QWidget* top : QApplication::topLevelWidgets()) {
        if (top->objectName() == QLatin1String("routingTooltip") && top->isVisible())
            QPainter(&picture).drawPixmap(top->pos() - window.pos(), top->grab());
    }
    const bool dark = shell::ThemeSource::instance().choice() == shell::ThemeChoice::Dark;
    const QString name
        = QStringLiteral("%1-%2-%3-%4")
              .arg(what, m_language, dark ? QStringLiteral("dark") : QStringLiteral("light"))
              .arg(window.width());
    const QString folder = tests::qInBuild("screenshots/conversation");
    QVERIFY(QDir().mkpath(folder));
    QVERIFY(picture.save(folder + QLatin1Char('/') + name + QStringLiteral(".png")));
    for (const QString& cut : cutIn(window))
        m_cut += name + QStringLiteral(": ") + cut;
}

/// The conversation in both themes.
void TestRealConversation::saveConversation()
{
    auto& theme = shell::ThemeSource::instance();
    const shell::ThemeChoice before = theme.choice();
    for (const QSize size : {QSize(2560, 1440), QSize(1280, 800), QSize(1600, 1000)}) {
        m_program->window.resize(size);
        QTest::qWait(50);
        for (const auto choice : {shell::ThemeChoice::Light, shell::ThemeChoice::Dark}) {
            theme.choose(choice);
            hover();
            save(QStringLiteral("chat"));
        }
    }
    theme.choose(before);
    QTest::mouseMove(m_program->find<QPlainTextEdit>("chatInput"));
}

/// A part of the page in the theme of the language.
void TestRealConversation::saveSizes(const QString& what)
{
    for (const QSize size : {QSize(1280, 800), QSize(1600, 1000)}) {
        m_program->window.resize(size);
        QTest::qWait(50);
        save(what);
    }
}

/// The last reply as it is shown.
void TestRealConversation::checkReply(const QString& codeHas, const QString& textHas)
{
    MessageView* reply = view().view(newest().leaf);
    QVERIFY(reply != nullptr);
    QString code, text;
    for (const CodeBlock* block : reply->findChildren<CodeBlock*>())
        code += block->findChild<QPlainTextEdit*>()->toPlainText();
    int tables = 0, items = 0, headings = 0, bold = 0;
    for (const MarkdownText* part : reply->findChildren<MarkdownText*>()) {
        text += part->toPlainText();
        for (const QTextFrame* frame : part->document()->rootFrame()->childFrames())
            tables += qobject_cast<const QTextTable*>(frame) != nullptr ? 1 : 0;
        for (QTextBlock block = part->document()->begin(); block.isValid(); block = block.next()) {
            items += block.textList() != nullptr ? 1 : 0;
            headings += block.blockFormat().headingLevel() > 0 ? 1 : 0;
            for (auto it = block.begin(); !it.atEnd(); ++it)
                bold += it.fragment().charFormat().fontWeight() >= QFont::DemiBold ? 1 : 0;
        }
    }
    QVERIFY2(code.contains(codeHas), qPrintable(code));
    QVERIFY2(text.contains(textHas), qPrintable(text));
    QCOMPARE(tables, 1);
    QCOMPARE(items, 2);
    QCOMPARE(headings, 1);
    QVERIFY(bold > 1);
    QVERIFY(reply->strip() != nullptr && reply->strip()->isVisible());
    const plots::HeatmapData& map = m_program->find<plots::HeatmapPlot>("routingHeatmap")->data();
    QCOMPARE(map.rows, 8);
    QCOMPARE(map.columns, 16);
}

void TestRealConversation::checkDocks()
{
    m_program->click(m_program->find<QToolButton>("factsButton"));
    const char* const names[] = {"model", "tensors", "prompt", "template"};
    for (int tab = 0; tab < 4; ++tab) {
        m_program->click(
            m_program->find<QPushButton>(qPrintable(QStringLiteral("facts%1").arg(tab))));
        QTest::qWait(300); // what the page reads
        saveSizes(QStringLiteral("facts-%1").arg(QLatin1String(names[tab])));
        // it stays before the map, also where the window's sizes arrange the docks anew
        QVERIFY(!m_program->find<QPushButton>("facts0")->visibleRegion().isEmpty());
    }
    checkEndpoint();
    m_program->window.restoreDefaultLayout();
}

void TestRealConversation::checkEndpoint()
{
    m_program->click(m_program->find<QToolButton>("endpointButton"));
    saveSizes(QStringLiteral("endpoint-off"));
    m_program->find<QSpinBox>("endpointPort")->setValue(0);
    m_program->click(m_program->find<QToolButton>("endpointGenerate"));
    m_program->click(m_program->find<QPushButton>("endpointSwitch"));
    auto* url = m_program->find<QLineEdit>("endpointUrl");
    QTRY_VERIFY(url->text().startsWith(QLatin1String("http")));
    const auto port = static_cast<uint16_t>(QUrl(url->text()).port());
    QCOMPARE(tests::ask(port, tests::getRequest("/v1/models")).status, 401);
    QTest::qWait(700); // the page asks twice a second
    saveSizes(QStringLiteral("endpoint-on"));
    QVERIFY(!url->visibleRegion().isEmpty());
    m_program->click(m_program->find<QPushButton>("endpointSwitch"));
    QTRY_COMPARE(url->text(), QStringLiteral("—"));
}

void TestRealConversation::checkMasks()
{
    auto* map = m_program->find<plots::HeatmapPlot>("routingHeatmap");
    for (const auto& [row, column] : {std::pair{1, 4}, {5, 11}, {6, 0}}) {
        QTest::mouseClick(m_program->window.windowHandle(), Qt::RightButton, {},
            map->mapTo(&m_program->window, map->pixelOf(row, column).toPoint()));
        auto* menu = m_program->find<QMenu>("cellMenu");
        QVERIFY(menu != nullptr);
        menu->actions().at(0)->trigger();
        menu->close();
        QTRY_VERIFY(m_program->find<QMenu>("cellMenu") == nullptr);
    }
    QVERIFY(m_program->find<QWidget>("maskBar")->isVisible());
    saveSizes(QStringLiteral("masks"));
}

/// Of a reply with another branch, and of two checkpoints.
void TestRealConversation::checkComparisons()
{
    m_program->trigger("chat.regenerate");
    QTRY_VERIFY_WITH_TIMEOUT(!m_program->page->isReplying(), kLong);
    QTest::qWait(300);
    auto* choice = m_program->find<QComboBox>("routingChoice");
    choice->setFocus();
    QTest::keyClick(choice, Qt::Key_End);
    saveSizes(QStringLiteral("branches"));
    QSignalSpy opened(m_program->page, &ChatWorkspace::comparisonOpened);
    m_program->page->compareWith(
        QString::fromStdString((m_model.parent_path() / "step-000110").string()));
    QVERIFY(opened.wait(kLong));
    auto* input = m_program->find<QPlainTextEdit>("chatInput");
    input->insertPlainText(m_language == QLatin1String("en")
            ? QStringLiteral("What is the capacity factor?")
            : QStringLiteral("什么是容量因子？"));
    QTest::keyClick(input, Qt::Key_Return);
    QTRY_VERIFY_WITH_TIMEOUT(!m_program->page->isReplying(), kLong);
    QTest::qWait(300);
    saveSizes(QStringLiteral("sides"));
}

void TestRealConversation::conversation_data()
{
    QTest::addColumn<QString>("language");
    QTest::addColumn<QStringList>("others"); // conversations that the list has
    QTest::addColumn<QStringList>("questions");
    QTest::addColumn<QString>("codeHas");
    QTest::addColumn<QString>("textHas");
    QTest::addColumn<QString>("hovered");
    QTest::newRow("English")
        << QStringLiteral("en")
        << QStringList{QStringLiteral("Show me a shell loop over the checkpoints."),
               QStringLiteral("What is the capacity factor?"),
               QStringLiteral("Why do some experts stay idle?")}
        << QStringList{QStringLiteral("What are expert, router and token in Chinese?"),
               QStringLiteral("Write a router in Python. What does it cost?")}
        << QStringLiteral("def route(x, gate, top_k=2):") << QStringLiteral("Routing one token")
        << QStringLiteral("best");
    QTest::newRow("Chinese") << QStringLiteral("zh_CN")
                             << QStringList{QStringLiteral("怎样遍历所有检查点？"),
                                    QStringLiteral("什么是容量因子？"),
                                    QStringLiteral("专家用英文怎么说？")}
                             << QStringList{QStringLiteral("为什么要让专家的负载均衡？"),
                                    QStringLiteral("利用率怎么算？请给出代码和例子。")}
                             << QStringLiteral("# 理想负载：词元平均分给所有专家")
                             << QStringLiteral("实际负载") << QStringLiteral("词元");
}

void TestRealConversation::conversation()
{
    QFETCH(QString, language);
    QFETCH(QStringList, others);
    QFETCH(QStringList, questions);
    QFETCH(QString, codeHas);
    QFETCH(QString, textHas);
    QFETCH(QString, hovered);
    m_language = language;
    m_hovered = hovered;
    m_cut.clear();
    shell::ThemeSource::instance().choose(
        language == QLatin1String("en") ? shell::ThemeChoice::Light : shell::ThemeChoice::Dark);
    QCOMPARE(shell::installTranslations(*qApp, language), language);
    const QTemporaryDir folder;
    m_store = folder.filePath(QStringLiteral("store.sqlite")).toStdString();
    m_program = std::make_unique<Program>(m_store);
    saveSizes(QStringLiteral("empty"));
    QSignalSpy opened(m_program->page, &ChatWorkspace::modelOpened);
    m_program->page->openModel(QString::fromStdString(m_model.string()));
    QVERIFY(opened.wait(kLong));
    for (const QString& question : others)
        askAnew(question);
    askAnew(questions.front());
    for (const QString& question : questions.mid(1))
        ask(question);
    checkReply(codeHas, textHas);
    saveConversation();
    checkDocks();
    checkMasks();
    checkComparisons();
    m_program.reset();
    QVERIFY2(m_cut.isEmpty(), qPrintable(m_cut.join(QLatin1Char('\n'))));
}

QTEST_MAIN(TestRealConversation)
#include "test_real_conversation.moc"
