// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <memory>

class QObject;

namespace moe::shell {

/// Work that other threads have for a receiver's thread: done there in the order it was posted,
/// or dropped when the receiver is gone. Letters pass under a lock of our own, so that the thread
/// sanitizer, which cannot look into Qt, knows that one thread has written what the other reads.
/// Made on the receiver's thread; copies are the same box.
class Mailbox {
public:
    explicit Mailbox(QObject* receiver);
    void post(std::function<void()> letter) const; ///< any thread
    void close() const; ///< the receiver's thread: what was posted later is dropped

private:
    struct Box;
    std::shared_ptr<Box> m_box;
};

} // namespace moe::shell
