// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
// Two threads write one number without a lock: what the thread sanitizer has to report.
#include <thread>

namespace {
int unguarded = 0;
}

int main()
{
    std::thread one([] { ++unguarded; });
    std::thread other([] { ++unguarded; });
    one.join();
    other.join();
    return unguarded == 2 ? 0 : 1;
}
