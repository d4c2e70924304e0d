// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/serve/served_model.h"
#include "ui/chat/endpoint_panel.h"
#include "ui/chat/facts_panel.h"
#include "ui/chat/prompt_page.h"
#include "ui/chat/workspace_impl.h"
#include "ui/shell/message_bar.h"
#include "ui/shell/theme.h"

#include <QAction>
#include <QToolButton>

namespace moe::chat {

using shell::px;
using State = session::Endpoint::State;

namespace {

constexpr int kPreviewMilliseconds = 150; ///< typing goes on; the last text counts

bool isLoopback(const std::string& host)
{
    return host == "127.0.0.1" || host == "localhost" || host == "::1";
}

} // namespace

void ChatWorkspace::Impl::buildModelDocks()
{
    factsPanel = new FactsPanel(&self);
    endpointPanel = new EndpointPanel(endpoint, &self);
    if (services.settings != nullptr)
        endpointPanel->remember(*services.settings);
    auto* factsTitle = new shell::TitleBar(tr("Model facts"), {}, &self);
    auto* endpointTitle = new shell::TitleBar(tr("Endpoint"), tr("of the open model"), &self);
    factsDock = addDock("factsDock", factsPanel, factsTitle);
    endpointDock = addDock("endpointDock", endpointPanel, endpointTitle);
    factsPanel->setMinimumSize(px(340), px(200)); // a tensor's name tells it from its neighbours
    endpointPanel->setMinimumSize(px(300), px(200));
    for (QDockWidget* dock : {factsDock, endpointDock})
        dock->hide(); // until they are asked for
}

/// Beside the model's name: what it is, and who else uses it.
void ChatWorkspace::Impl::buildModelButtons(QWidget* box)
{
    factsButton = new QToolButton(box);
    factsButton->setObjectName(QStringLiteral("factsButton"));
    factsButton->setIcon(shell::icon(QStringLiteral("info")));
    factsButton->setText(tr("Model facts"));
    factsButton->setToolTip(tr("Architecture, tensors and the prompt as the model reads it"));
    endpointButton = new QToolButton(box);
    endpointButton->setObjectName(QStringLiteral("endpointButton"));
    endpointButton->setToolTip(tr("Serve the open model to other programs"));
    for (QToolButton* button : {factsButton, endpointButton}) {
        button->setAutoRaise(true);
        button->setFocusPolicy(Qt::TabFocus);
    }
    QObject::connect(factsButton, &QToolButton::clicked, &self, [this] { showDock(factsDock); });
    QObject::connect(
        endpointButton, &QToolButton::clicked, &self, [this] { showDock(endpointDock); });
}

void ChatWorkspace::Impl::showDock(QDockWidget* dock)
{
    Q_EMIT self.pageWanted();
    dock->show();
    dock->raise();
    dock->widget()->setFocus();
}

void ChatWorkspace::Impl::connectModel()
{
    // a model that goes is not served any more before it does
    left.session.setBeforeClosing([this] { endpoint.release(); });
    auto* title = qobject_cast<shell::TitleBar*>(factsDock->titleBarWidget());
    QObject::connect(&left.session, &session::ChatSession::opened, &self, [this, title] {
        factsPanel->setModel(left.session.model(), left.session.folder());
        title->setUnit(shownName(left.session.folder()));
        serveIfWanted();
    });
    const auto gone = [this, title] {
        if (left.session.model() != nullptr)
            return; // another one could not be opened in its place
        factsPanel->setModel(nullptr, {});
        title->setUnit({});
        serveWanted = false;
    };
    QObject::connect(&left.session, &session::ChatSession::closed, &self, gone);
    QObject::connect(&left.session, &session::ChatSession::openFailed, &self, gone);

    QObject::connect(endpointPanel, &EndpointPanel::switched, &self, [this](bool on) {
        serveWanted = on;
        on ? serveIfWanted() : endpoint.stop();
    });
    QObject::connect(&endpoint, &session::Endpoint::failed, &self,
        [this](const QString& line) { refuseEndpoint(line); });
    QObject::connect(&endpoint, &session::Endpoint::changed, &self, [this] {
        showEndpoint();
        serveIfWanted(); // another model was opened meanwhile
    });

    previewTimer.setSingleShot(true);
    previewTimer.setInterval(kPreviewMilliseconds);
    QObject::connect(&previewTimer, &QTimer::timeout, &self, [this] { askPreview(); });
    QObject::connect(composer, &Composer::draftChanged, &self, [this] { previewSoon(); });
    QObject::connect(composer, &Composer::setupChanged, &self, [this] { previewSoon(); });
    QObject::connect(&factsPanel->prompt(), &PromptPage::shown, &self, [this] { previewSoon(); });
    showEndpoint();
}

void ChatWorkspace::Impl::serveIfWanted()
{
    const serve::ServedModel* served = left.session.served();
    if (!serveWanted || served == nullptr || endpoint.state() != State::Off)
        return;
    services.messages.dismiss(QStringLiteral("chat-endpoint"));
    endpoint.start(*served, endpointPanel->options());
}

void ChatWorkspace::Impl::refuseEndpoint(const QString& line)
{
    serveWanted = false;
    shell::MessageBar::Message message{QStringLiteral("chat-endpoint"),
        shell::MessageBar::Level::Error, tr("The endpoint is not switched on."), line, {}, {}};
    const serve::ServerOptions options = endpointPanel->options();
    if (options.apiKey.empty() && !isLoopback(options.host)) {
        message.actionText = tr("Generate a key and switch on");
        message.action = [this] {
            endpointPanel->generateKey();
            serveWanted = true;
            serveIfWanted();
        };
    }
    services.messages.show(message);
}

void ChatWorkspace::Impl::showEndpoint()
{
    const bool on = endpoint.state() == State::On;
    endpointButton->setIcon(
        shell::icon(QStringLiteral("endpoint"), on ? &shell::Theme::ok : &shell::Theme::text2));
    const QString address = endpoint.address().mid(static_cast<int>(sizeof "http://") - 1);
    endpointButton->setText(on ? tr("Endpoint %1").arg(address) : tr("Endpoint off"));
    endpointButton->setAccessibleName(endpointButton->text());
}

void ChatWorkspace::Impl::previewSoon()
{
    if (factsPanel->prompt().isVisible())
        previewTimer.start();
}

void ChatWorkspace::Impl::askPreview()
{
    if (left.session.model() == nullptr)
        return; // the panel says so
    const QString typed = composer->text();
    session::ReplyRequest request = requestFor(
        left, typed.trimmed().isEmpty() ? lastOf(chats::Role::User, left) : current.leaf);
    if (!typed.trimmed().isEmpty())
        request.messages.emplace_back(chats::Role::User, typed.toStdString());
    if (request.messages.empty())
        return factsPanel->prompt().setNone(tr("Write a message to see the prompt that it makes."));
    left.session.preview(std::move(request),
        [this, question = ++previewAsked](const session::PromptPreview& preview) {
            if (question == previewAsked && left.session.model() != nullptr)
                factsPanel->prompt().setPreview(preview);
        });
}

} // namespace moe::chat
