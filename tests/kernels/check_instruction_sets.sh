#!/usr/bin/env bash
# SPDX-FileCopyrightText: The MoE Workbench developers
# SPDX-License-Identifier: Apache-2.0
# The objects that are compiled for one instruction set share no code with the rest: the linker would
# keep one copy of it, and that copy might need a better processor than the one at hand.
set -u
broken=0
found=0
for object in "$@"; do
    found=1
    set_name=$(sed -E 's|.*moe_kernels_([a-z0-9]+)\.dir/.*|\1|' <<<"$object")
    shared=$(nm -C "$object" | grep -E '^[0-9a-f]+ [WVu] ' | grep -vE "::${set_name}::| DW\.ref\.")
    if [ -n "$shared" ]; then
        printf '%s shares with the rest of the program:\n%s\n' "$object" "$shared"
        broken=1
    fi
done
[ "$found" = 1 ] || { echo 'no objects to look at'; exit 1; }
exit "$broken"
