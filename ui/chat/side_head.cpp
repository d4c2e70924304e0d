// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/chat/side_head.h"

#include "ui/shell/theme.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QPainter>
#include <QToolButton>

namespace moe::chat {

using shell::px;

SideHead::SideHead(const QString& name, QWidget* parent)
    : QWidget(parent)
    , m_name(name)
    , m_model(new QToolButton(this))
    , m_figures(shell::makeLabel({}, shell::TextRole::Secondary, &shell::Theme::text2, false, this))
{
    setObjectName(name + QStringLiteral("Head"));
    m_model->setObjectName(name + QStringLiteral("Model"));
    m_model->setAccessibleName(tr("Model"));
    m_model->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    m_model->setIcon(shell::icon(QStringLiteral("model")));
    m_model->setFocusPolicy(Qt::TabFocus);
    m_model->setAutoRaise(true);
    m_figures->setObjectName(name + QStringLiteral("Figures"));
    m_figures->setFont(shell::numberFont(shell::TextRole::Secondary));
    connect(m_model, &QToolButton::clicked, this, &SideHead::modelWanted);
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(px(16), px(3), px(12), px(4));
    row->setSpacing(px(8));
    row->addWidget(m_model);
    row->addStretch(1);
    row->addWidget(m_figures);
    setBackgroundRole(QPalette::Base);
    setAutoFillBackground(true);
}

void SideHead::setModel(const QString& text, const QString& folder)
{
    m_model->setText(text);
    m_model->setToolTip(folder);
}

void SideHead::setFigures(const QString& text)
{
    m_figures->setText(text);
}

QToolButton* SideHead::addClose(const QString& what)
{
    QToolButton* close = shell::makeIconButton(QStringLiteral("close"), what, this);
    close->setObjectName(m_name + QStringLiteral("Close"));
    layout()->addWidget(close);
    return close;
}

void SideHead::paintEvent(QPaintEvent*)
{
    QPainter(this).fillRect(QRect(0, height() - 1, width(), 1), shell::theme().line);
}

} // namespace moe::chat
