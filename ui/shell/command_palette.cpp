// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/command_palette.h"

#include "ui/shell/palette_delegate.h"
#include "ui/shell/style.h"
#include "ui/shell/theme.h"

#include <QApplication>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QLineEdit>
#include <QListView>
#include <QLocale>
#include <QMouseEvent>
#include <QPainter>
#include <QPointer>
#include <QScrollBar>
#include <QVBoxLayout>

#include <algorithm>

namespace moe::shell {

namespace {

int shadow()
{
    return px(16);
}

} // namespace

CommandPalette::CommandPalette(QWidget* parent)
    : QFrame(parent)
    , m_model(new PaletteModel(this))
{
    setObjectName(QStringLiteral("commandPalette"));
    setAccessibleName(tr("Command palette"));
    buildParts();
    hide();
    connect(m_edit, &QLineEdit::textChanged, this, &CommandPalette::search);
    connect(m_list, &QListView::clicked, this,
        [this](const QModelIndex& index) { accept(index.row()); });
    m_edit->installEventFilter(this);
    parent->installEventFilter(this);
}

void CommandPalette::buildParts()
{
    m_edit = new QLineEdit(this);
    m_edit->setObjectName(QStringLiteral("paletteEdit"));
    m_edit->setProperty(kFramelessProperty, true);
    m_edit->setFont(shell::font(TextRole::Section));
    m_edit->setPlaceholderText(tr("Find an action, run, layer or metric"));
    m_edit->setAccessibleName(m_edit->placeholderText());
    auto* glass = new QLabel(this);
    const auto paintGlass = [glass] {
        glass->setPixmap(
            iconPixmap(QStringLiteral("search"), theme().text, px(16), glass->devicePixelRatioF()));
    };
    paintGlass();
    connect(&ThemeSource::instance(), &ThemeSource::changed, glass, paintGlass);
    m_count = makeLabel({}, TextRole::Secondary, &Theme::text3, false, this);

    auto* head = new QHBoxLayout;
    head->setContentsMargins(px(15), px(9), px(14), px(9));
    head->setSpacing(px(1));
    head->addWidget(glass);
    head->addWidget(m_edit, 1);
    head->addWidget(m_count);

    m_list = new QListView(this);
    m_list->setObjectName(QStringLiteral("paletteList"));
    m_list->setAccessibleName(tr("What was found"));
    m_list->setModel(m_model);
    m_list->setItemDelegate(new PaletteDelegate(m_list));
    m_list->setFocusPolicy(Qt::NoFocus);
    m_list->setUniformItemSizes(false);
    m_list->setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
    m_list->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);

    m_nothing = makeLabel(tr("Nothing found. Try fewer letters, or > @ # for one kind only."),
        TextRole::Body, &Theme::text2, false, this);
    m_nothing->setContentsMargins(px(15), px(8), px(15), px(8));

    m_footer = new QWidget(this);
    auto* foot = new QHBoxLayout(m_footer);
    foot->setContentsMargins(px(15), 0, px(14), 0);
    foot->setSpacing(px(18));
    const auto hint = [this, foot](const QString& text) {
        foot->addWidget(makeLabel(text, TextRole::Caption, &Theme::text3, false, m_footer));
    };
    hint(tr("Up, Down to choose"));
    hint(tr("Enter to run"));
    hint(tr("Esc to close"));
    foot->addStretch(1);
    hint(tr("> actions"));
    hint(tr("@ layers"));
    hint(tr("# runs"));
    m_footer->setFixedHeight(px(32));

    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(shadow() + 1, shadow() + 1, shadow() + 1, shadow() + 1);
    column->setSpacing(0);
    column->addLayout(head);
    column->addSpacing(px(5));
    column->addWidget(m_list, 1);
    column->addWidget(m_nothing);
    column->addSpacing(px(5));
    column->addWidget(m_footer);
}

void CommandPalette::open(QList<PaletteGroup> groups, int top, const QString& query)
{
    m_top = top;
    if (!isVisible())
        m_focusBefore = QApplication::focusWidget();
    m_model->setGroups(std::move(groups));
    m_edit->setText(query);
    search(query);
    show();
    raise();
    m_edit->setFocus(Qt::PopupFocusReason);
    qApp->installEventFilter(this);
}

void CommandPalette::setQuery(const QString& query)
{
    m_edit->setText(query);
}

void CommandPalette::search(const QString& query)
{
    m_model->setQuery(query);
    const QLocale locale;
    m_count->setText(tr("%1 of %2", "hits of all entries")
                         .arg(locale.toString(m_model->hits()), locale.toString(m_model->total())));
    m_list->setVisible(m_model->hits() > 0);
    m_nothing->setVisible(m_model->hits() == 0);
    if (m_model->firstEntry() >= 0)
        m_list->setCurrentIndex(m_model->index(m_model->firstEntry()));
    m_list->scrollToTop();
    fit();
}

void CommandPalette::fit()
{
    int rows = 0;
    for (int row = 0; row < m_model->rowCount(); ++row)
        rows += PaletteDelegate::rowHeight(m_model->isHeading(row));
    const int around = 2 * shadow() + 2 + m_edit->sizeHint().height() + px(18) + px(10) + px(32);
    const int body = m_model->hits() > 0 ? rows : m_nothing->sizeHint().height();
    const int room = parentWidget()->height() - m_top - px(48);
    const int width = std::min(px(640), parentWidget()->width() - px(24)) + 2 * shadow();
    const int height = std::min(around + body, std::max(room, px(200)) + 2 * shadow());
    setGeometry((parentWidget()->width() - width) / 2, m_top - shadow(), width, height);
}

void CommandPalette::close(bool giveFocusBack)
{
    if (!isVisible())
        return;
    qApp->removeEventFilter(this);
    hide();
    if (giveFocusBack && m_focusBefore && m_focusBefore->isVisible())
        m_focusBefore->setFocus(Qt::PopupFocusReason);
    Q_EMIT closed();
}

void CommandPalette::accept(int row)
{
    if (row < 0 || m_model->isHeading(row))
        return;
    close();
    m_model->run(row);
}

bool CommandPalette::handleKey(int key)
{
    const int row = m_list->currentIndex().row();
    const int page = std::max(1, m_list->height() / PaletteDelegate::rowHeight(false) - 1);
    int next = row;
    switch (key) {
    case Qt::Key_Escape:
        close();
        return true;
    case Qt::Key_Return:
    case Qt::Key_Enter:
        accept(row);
        return true;
    case Qt::Key_Down:
        next = m_model->nextEntry(row, 1);
        break;
    case Qt::Key_Up:
        next = m_model->nextEntry(row, -1);
        break;
    case Qt::Key_PageDown:
        for (int i = 0; i < page; ++i)
            next = m_model->nextEntry(next, 1);
        break;
    case Qt::Key_PageUp:
        for (int i = 0; i < page; ++i)
            next = m_model->nextEntry(next, -1);
        break;
    case Qt::Key_Tab:
    case Qt::Key_Backtab:
        return true; // focus stays: the list is steered from the field
    default:
        return false;
    }
    if (next >= 0 && next < m_model->rowCount() && !m_model->isHeading(next)) {
        m_list->setCurrentIndex(m_model->index(next));
        if (next == m_model->firstEntry())
            m_list->scrollToTop(); // with its heading
    }
    return true;
}

bool CommandPalette::eventFilter(QObject* watched, QEvent* event)
{
    if (watched == m_edit && event->type() == QEvent::KeyPress) {
        if (handleKey(static_cast<QKeyEvent*>(event)->key()))
            return true;
    } else if (watched == parentWidget() && event->type() == QEvent::Resize && isVisible()) {
        fit();
    } else if (event->type() == QEvent::MouseButtonPress && isVisible()
        && watched->isWidgetType()) {
        auto* under = static_cast<QWidget*>(watched);
        if (under != this && !isAncestorOf(under))
            close(false); // and the click goes where it was meant to
    }
    return QFrame::eventFilter(watched, event);
}

void CommandPalette::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const QRectF body = QRectF(rect()).adjusted(shadow(), shadow(), -shadow(), -shadow());
    painter.setPen(Qt::NoPen);
    QColor shade = theme().dark ? QColor(Qt::black) : theme().text;
    for (int i = shadow(); i > 0; i -= 2) {
        const double share = 1.0 - static_cast<double>(i) / shadow();
        shade.setAlphaF(static_cast<float>((theme().dark ? 0.10 : 0.035) * share));
        painter.setBrush(shade);
        painter.drawRoundedRect(body.adjusted(-i, -i + px(4), i, i + std::min(px(4), shadow() - i)),
            px(6) + i, px(6) + i);
    }
    painter.setBrush(theme().base);
    painter.setPen(QPen(theme().border, 1));
    painter.drawRoundedRect(body.adjusted(0.5, 0.5, -0.5, -0.5), px(6), px(6));
    const int inner = static_cast<int>(body.width()) - 2;
    const int left = shadow() + 1;
    painter.fillRect(QRect(left, m_edit->geometry().bottom() + px(9), inner, 1), theme().line);
    painter.fillRect(QRect(left, m_footer->y(), inner, 1), theme().line);
}

} // namespace moe::shell
