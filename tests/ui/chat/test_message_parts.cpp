// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "chat_window.h"

#include "ui/chat/message_view.h"

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

QTEST_MAIN(TestMessageParts)
#include "test_message_parts.moc"
