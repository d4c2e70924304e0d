// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/mailbox.h"

#include <QObject>

#include <deque>
#include <mutex>

namespace moe::shell {

namespace {

/// Lives as long as the receiver, on its thread.
class Reader : public QObject {
    Q_OBJECT
public:
    using QObject::QObject;
    std::function<void()> onDelivery, onEnd;
    ~Reader() override { onEnd(); }
    Q_INVOKABLE void deliver() { onDelivery(); }
};

} // namespace

struct Mailbox::Box {
    std::mutex mutex;
    std::deque<std::function<void()>> letters; ///< guarded by mutex
    Reader* reader = nullptr; ///< guarded by mutex; null: the receiver is gone

    void deliverOne()
    {
        std::function<void()> letter;
        {
            const std::scoped_lock lock(mutex);
            letter = std::move(letters.front());
            letters.pop_front();
        }
        letter();
    }
};

Mailbox::Mailbox(QObject* receiver)
    : m_box(std::make_shared<Box>())
{
    m_box->reader = new Reader(receiver);
    m_box->reader->onDelivery = [box = m_box] {
        box->deliverOne();
    };
    m_box->reader->onEnd = [box = m_box] {
        std::deque<std::function<void()>> unread; // what they hold goes without the lock
        const std::scoped_lock lock(box->mutex);
        box->reader = nullptr;
        unread.swap(box->letters);
    };
}

void Mailbox::close() const
{
    const std::scoped_lock lock(m_box->mutex);
    if (m_box->reader != nullptr)
        m_box->reader->deleteLater();
}

void Mailbox::post(std::function<void()> letter) const
{
    const std::scoped_lock lock(m_box->mutex);
    if (m_box->reader == nullptr)
        return;
    m_box->letters.push_back(std::move(letter));
    QMetaObject::invokeMethod(m_box->reader, "deliver", Qt::QueuedConnection);
}

} // namespace moe::shell

#include "mailbox.moc"
