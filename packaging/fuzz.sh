#!/bin/sh
# SPDX-FileCopyrightText: The MoE Workbench developers
# SPDX-License-Identifier: Apache-2.0
# Every fuzz target over its kept corpus, then for $1 seconds more (10 unless told), as many at once as there are cores. What a
# target says is shown when it ends.
set -eu
cd "$(dirname "$0")/.."
sh packaging/build.sh fuzz
# shellcheck disable=SC2016 # the inner shell's own
printf '%s\n' build/fuzz/bin/fuzz_* | xargs -P "$(nproc)" -n 1 sh -c '
    name=$(basename "$2")
    scratch=$(mktemp -d)
    failed=0
    "$2" -max_total_time="$1" -rss_limit_mb=2048 -timeout=10 -verbosity=0 -print_final_stats=1 -artifact_prefix="$scratch/" \
        "$scratch" "tests/fuzz/corpus/$name" >"$scratch.log" 2>&1 || failed=1
    echo "$name"
    cat "$scratch.log"
    [ $failed = 1 ] || rm -r "$scratch" "$scratch.log"
    exit $failed' fuzz "${1:-10}"
