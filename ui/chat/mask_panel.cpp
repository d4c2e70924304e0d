// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/chat/mask_panel.h"

#include "ui/shell/theme.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QListWidget>
#include <QPainter>
#include <QPushButton>
#include <QVBoxLayout>

namespace moe::chat {

using shell::px;
using shell::TextRole;
using shell::theme;

QString namesOf(const std::vector<chats::MaskedExpert>& masks)
{
    QStringList names;
    for (const chats::MaskedExpert& mask : masks)
        names += MaskPanel::tr("layer %1 expert %2").arg(mask.layer).arg(mask.expert);
    return names.join(MaskPanel::tr(", ", "between experts"));
}

MaskPanel::MaskPanel(QWidget* parent)
    : QWidget(parent)
    , m_list(new QListWidget(this))
    , m_none(shell::makeLabel(
          tr("None. Choose Mask expert from a cell's menu to see what the model does without it."),
          TextRole::Secondary, &shell::Theme::text2, false, this))
    , m_unmask(new QPushButton(tr("Unmask"), this))
{
    m_list->setObjectName(QStringLiteral("maskList"));
    m_list->setAccessibleName(tr("Masked experts"));
    m_list->setFrameShape(QFrame::NoFrame);
    m_none->setWordWrap(true);
    m_unmask->setObjectName(QStringLiteral("unmask"));
    shell::makeSmall(m_unmask);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(px(12), 0, px(12), px(8));
    column->setSpacing(px(4));
    column->addWidget(m_none);
    column->addWidget(m_list, 1);
    column->addWidget(m_unmask, 0, Qt::AlignLeft);
    column->addStretch(0);
    setBackgroundRole(QPalette::Base);
    setAutoFillBackground(true);
    const auto unmask = [this] {
        if (const QListWidgetItem* item = m_list->currentItem())
            Q_EMIT unmaskWanted(
                item->data(Qt::UserRole).toLongLong(), item->data(Qt::UserRole + 1).toInt());
    };
    connect(m_unmask, &QPushButton::clicked, this, unmask);
    connect(m_list, &QListWidget::itemActivated, this, unmask);
    setMasks({});
}

void MaskPanel::setMasks(const std::vector<chats::MaskedExpert>& masks)
{
    m_list->clear();
    for (const chats::MaskedExpert& mask : masks) {
        auto* item = new QListWidgetItem(
            tr("Layer %1, expert %2").arg(mask.layer).arg(mask.expert), m_list);
        item->setData(Qt::UserRole, static_cast<qlonglong>(mask.layer));
        item->setData(Qt::UserRole + 1, mask.expert);
    }
    if (!masks.empty())
        m_list->setCurrentRow(0);
    m_list->setVisible(!masks.empty());
    m_unmask->setVisible(!masks.empty());
    m_none->setVisible(masks.empty());
}

MaskBar::MaskBar(QWidget* parent)
    : QFrame(parent)
    , m_text(shell::makeLabel({}, TextRole::Secondary, &shell::Theme::text, false, this))
{
    setObjectName(QStringLiteral("maskBar"));
    auto* clear = new QPushButton(tr("Unmask all"), this);
    clear->setObjectName(QStringLiteral("unmaskAll"));
    clear->setFlat(true);
    shell::makeSmall(clear);
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(px(24) + px(20), 0, px(24), 0);
    row->addWidget(m_text, 1);
    row->addWidget(clear);
    setFixedHeight(px(30));
    connect(clear, &QPushButton::clicked, this, &MaskBar::unmaskAllWanted);
    hide();
}

void MaskBar::setMasks(const std::vector<chats::MaskedExpert>& masks)
{
    m_text->setText(tr("Masked in this conversation: %1").arg(namesOf(masks)));
    setVisible(!masks.empty());
}

void MaskBar::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.fillRect(rect(), theme().infoBg);
    painter.fillRect(QRect(0, height() - 1, width(), 1), theme().line);
    const QPixmap sign
        = shell::iconPixmap(QStringLiteral("mask"), theme().text2, px(16), devicePixelRatioF());
    painter.drawPixmap(px(24), (height() - px(16)) / 2, sign);
}

} // namespace moe::chat
