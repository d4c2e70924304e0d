#!/bin/sh
# SPDX-FileCopyrightText: The MoE Workbench developers
# SPDX-License-Identifier: Apache-2.0
# Every fuzz target over its kept corpus, then for $1 seconds more (10 unless told).
set -eu
cd "$(dirname "$0")/.."
sh packaging/build.sh fuzz
for target in build/fuzz/bin/fuzz_*; do
    name=$(basename "$target")
    scratch=$(mktemp -d)
    echo "$name"
    "$target" -max_total_time="${1:-10}" -rss_limit_mb=2048 -timeout=10 -verbosity=0 -print_final_stats=1 -artifact_prefix="$scratch/" \
        "$scratch" "tests/fuzz/corpus/$name"
    rm -r "$scratch"
done
