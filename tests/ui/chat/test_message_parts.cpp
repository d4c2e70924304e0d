// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "chat_window.h"

#include "ui/chat/markdown_text.h"
#include "ui/chat/message_view.h"

#include <QPlainTextEdit>
#include <QPushButton>
#include <QScrollBar>

using namespace moe;
using namespace moe::chat;

namespace {

chats::Message replyOf(const std::string& text, const std::string& error = {})
{
    chats::Message reply;
    reply.id = 1;
    reply.role = chats::Role::Assistant;
    reply.text = text;
    reply.facts.error = error;
    return reply;
}

} // namespace

/// One message: what is said of a failed one, and its parts by keys.
class TestMessageParts : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { useFontOfTests(); }
    void theWholeErrorIsShown();
    void keysReachLinksAndCode();
    void aHugeMessageBeginsShort();
};

void TestMessageParts::theWholeErrorIsShown()
{
    const std::string why = "the masks leave a token one expert: layer 3: leave the two that it "
                            "takes, or choose a model whose layers have more of them; ";
    MessageView view(1);
    view.setMessage(replyOf("Said.", "short"), {});
    const int one = view.layOut(500);
    view.setMessage(replyOf("Said.", why + why + "the end"), {});
    const int lines = view.layOut(500);
    QVERIFY2(lines > one + 2 * view.fontMetrics().lineSpacing(),
        qPrintable(QStringLiteral("%1 and %2 px").arg(one).arg(lines)));
    QVERIFY(lines > view.layOut(900));
    QVERIFY(view.accessibleName().contains(QLatin1String("the end")));
}

void TestMessageParts::keysReachLinksAndCode()
{
    QWidget window;
    auto* view = new MessageView(1, &window);
    const std::string wide(400, 'x');
    view->setMessage(replyOf("No link.\n\n```\n" + wide
                         + "\n```\n\nSee [one](https://one.example) and "
                           "[two](https://two.example).\n"),
        {});
    view->setGeometry(0, 0, 500, view->layOut(500));
    window.resize(500, 600);
    window.show();
    QVERIFY(QTest::qWaitForWindowActive(&window));
    view->setFocus(Qt::TabFocusReason);
    QTest::keyClick(view, Qt::Key_Return);
    auto* code = view->findChild<QPlainTextEdit*>();
    QVERIFY(code != nullptr && code->hasFocus());
    QTRY_VERIFY(code->horizontalScrollBar()->maximum() > 0);
    QCOMPARE(code->horizontalScrollBar()->value(), 0);
    QTest::keyClick(code, Qt::Key_Right);
    QVERIFY(code->horizontalScrollBar()->value() > 0);
    QTest::keyClick(code, Qt::Key_Tab);
    MarkdownText* text = nullptr;
    for (MarkdownText* each : view->findChildren<MarkdownText*>())
        text = each->hasFocus() ? each : text;
    QVERIFY(text != nullptr);
    QCOMPARE(text->textCursor().selectedText(), QStringLiteral("one"));
    QTest::keyClick(text, Qt::Key_Tab);
    QVERIFY(text->hasFocus());
    QCOMPARE(text->textCursor().selectedText(), QStringLiteral("two"));
    text->disconnect(SIGNAL(anchorClicked(QUrl))); // no browser is opened here
    QSignalSpy followed(text, &QTextBrowser::anchorClicked);
    QTest::keyClick(text, Qt::Key_Return);
    QCOMPARE(followed.size(), 1);
    QCOMPARE(followed[0][0].toUrl(), QUrl(QStringLiteral("https://two.example")));
    QTest::keyClick(text, Qt::Key_Escape);
    QVERIFY(view->hasFocus());
    QTest::keyClick(view, Qt::Key_Tab);
    QVERIFY(!code->hasFocus() && !text->hasFocus());
}

/// Laying all of it out would hold up the window for seconds.
void TestMessageParts::aHugeMessageBeginsShort()
{
    const std::string all = "```\n" + std::string(900'000, 'x') + "\n```\n";
    MessageView view(1);
    view.setMessage(replyOf(all), {});
    view.resize(500, view.layOut(500));
    view.show();
    auto* more = view.findChild<QPushButton*>(QStringLiteral("showAll"));
    QVERIFY(more != nullptr && more->isVisible());
    const auto shown = [&] {
        qsizetype characters = 0;
        for (const QPlainTextEdit* code : view.findChildren<QPlainTextEdit*>())
            characters += code->toPlainText().size();
        return characters;
    };
    QVERIFY2(shown() > 50'000 && shown() < 200'000, qPrintable(QString::number(shown())));
    view.setMessage(replyOf(all), {}); // it changed in some way
    QVERIFY(shown() < 200'000);
    QTest::mouseClick(more, Qt::LeftButton);
    QVERIFY(!more->isVisible());
    QCOMPARE(shown(), qsizetype{900'000});
    MessageView brief(2);
    brief.setMessage(replyOf("Short."), {});
    QVERIFY(brief.findChild<QPushButton*>(QStringLiteral("showAll")) == nullptr);
}

QTEST_MAIN(TestMessageParts)
#include "test_message_parts.moc"
