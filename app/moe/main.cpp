// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include <cstdio>

int main()
{
    std::puts("moe " MOE_VERSION);
    return 0;
}
