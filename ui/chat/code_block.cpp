// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/chat/code_block.h"

#include "ui/chat/code_highlighter.h"
#include "ui/shell/theme.h"

#include <QClipboard>
#include <QFontDatabase>
#include <QGuiApplication>
#include <QLabel>
#include <QPainter>
#include <QScrollBar>
#include <QTimer>
#include <QToolButton>
#include <QWheelEvent>

#include <algorithm>
#include <cmath>

namespace moe::chat {

using shell::px;
using shell::TextRole;
using shell::theme;

namespace {

constexpr int kHeader = 26, kAround = 10; ///< px: the title line, above and below the code
constexpr int kCopiedMilliseconds = 1500;

/// The lines; the wheel goes to the transcript, but for sideways.
class CodeText : public QPlainTextEdit {
public:
    using QPlainTextEdit::QPlainTextEdit;

protected:
    void wheelEvent(QWheelEvent* event) override
    {
        if (std::abs(event->angleDelta().x()) > std::abs(event->angleDelta().y()))
            QPlainTextEdit::wheelEvent(event);
        else
            event->ignore();
    }
};

/// Of lines in `font`, the widest; a tab goes to the next stop.
double widest(QStringView lines, const QFont& font, double tabStop)
{
    const QFontMetricsF metrics(font);
    double most = 0;
    for (const QStringView line : lines.split(QLatin1Char('\n'))) {
        double wide = 0;
        const QList<QStringView> parts = line.split(QLatin1Char('\t'));
        for (qsizetype i = 0; i < parts.size(); ++i) {
            if (i > 0)
                wide = (std::floor(wide / tabStop) + 1) * tabStop;
            wide += metrics.horizontalAdvance(parts[i].toString());
        }
        most = std::max(most, wide);
    }
    return most;
}

} // namespace

QFont codeFont()
{
    QFont fixed = QFontDatabase::systemFont(QFontDatabase::FixedFont);
    const QFont body = shell::font(TextRole::Body);
    if (body.pixelSize() > 0)
        fixed.setPixelSize(body.pixelSize());
    else
        fixed.setPointSizeF(body.pointSizeF());
    return fixed;
}

CodeBlock::CodeBlock(QWidget* parent)
    : QWidget(parent)
    , m_language(shell::makeLabel({}, TextRole::Secondary, &shell::Theme::text2, false, this))
    , m_copy(new QToolButton(this))
    , m_text(new CodeText(this))
    , m_highlighter(new CodeHighlighter(m_text->document()))
{
    m_text->setReadOnly(true);
    m_text->setFrameShape(QFrame::NoFrame);
    m_text->setLineWrapMode(QPlainTextEdit::NoWrap);
    m_text->setVerticalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_text->setFocusPolicy(Qt::ClickFocus);
    m_text->setAccessibleName(tr("Code"));
    m_text->viewport()->setAutoFillBackground(false);
    m_text->setAutoFillBackground(false);
    m_text->document()->setDocumentMargin(0);
    m_text->document()->setUndoRedoEnabled(false);
    m_copy->setObjectName(QStringLiteral("copyCode"));
    m_copy->setAutoRaise(true);
    m_copy->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    m_copy->setText(tr("Copy"));
    m_copy->setToolTip(tr("Copy the code"));
    m_copy->setAccessibleName(tr("Copy the code"));
    m_copy->setIcon(shell::icon(QStringLiteral("copy")));
    m_copy->setIconSize(QSize(px(14), px(14)));
    m_copy->setFocusPolicy(Qt::TabFocus);
    connect(m_copy, &QToolButton::clicked, this, &CodeBlock::copy);
    restyle();
}

void CodeBlock::setCode(const QString& code, const QString& language)
{
    m_highlighter->setLanguage(language);
    m_language->setText(language);
    if (code == m_code)
        return;
    qsizetype measured = 0; // what was measured already, but for the line that grows
    if (code.startsWith(m_code) && !m_code.isEmpty()) {
        measured = m_code.lastIndexOf(QLatin1Char('\n')) + 1;
        QTextCursor end(m_text->document());
        end.movePosition(QTextCursor::End);
        end.insertText(code.mid(m_code.size()));
    } else {
        m_text->setPlainText(code);
        m_widest = 0;
    }
    m_code = code;
    measure(measured);
}

void CodeBlock::copy()
{
    QGuiApplication::clipboard()->setText(m_code);
    m_copy->setText(tr("Copied"));
    QTimer::singleShot(kCopiedMilliseconds, m_copy, [this] { m_copy->setText(tr("Copy")); });
}

int CodeBlock::textHeight() const
{
    const double line = QFontMetricsF(m_text->font()).lineSpacing();
    return static_cast<int>(std::ceil(line * m_text->document()->blockCount())) + 1;
}

/// The layout of a plain text says nothing of lines that it has not drawn.
void CodeBlock::measure(qsizetype from)
{
    m_widest = std::max(
        m_widest, widest(QStringView(m_code).mid(from), m_text->font(), m_text->tabStopDistance()));
}

int CodeBlock::heightFor(int width) const
{
    const bool wide = std::ceil(m_widest) + m_text->cursorWidth()
        > width - 2 * px(13); // a scroll bar comes below
    return px(kHeader) + 2 * px(kAround) + textHeight()
        + (wide ? m_text->horizontalScrollBar()->sizeHint().height() : 0);
}

void CodeBlock::restyle()
{
    m_text->setFont(codeFont());
    m_widest = 0;
    measure(0);
    m_highlighter->rehighlight();
    update();
}

void CodeBlock::resizeEvent(QResizeEvent*)
{
    const int side = px(13), header = px(kHeader);
    const QSize copy(m_copy->sizeHint().width(), px(22));
    m_language->setGeometry(side, 0, width() / 2, header);
    m_copy->setGeometry(
        width() - copy.width() - px(6), (header - copy.height()) / 2, copy.width(), copy.height());
    m_text->setGeometry(side, header + px(kAround), width() - 2 * side,
        height() - header - 2 * px(kAround) + px(2));
}

void CodeBlock::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(theme().line);
    painter.setBrush(theme().alt);
    painter.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), px(4), px(4));
    painter.setRenderHint(QPainter::Antialiasing, false);
    painter.drawLine(0, px(kHeader), width() - 1, px(kHeader));
}

} // namespace moe::chat
