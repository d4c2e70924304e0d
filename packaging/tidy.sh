#!/bin/sh
# SPDX-FileCopyrightText: The MoE Workbench developers
# SPDX-License-Identifier: Apache-2.0
# clang-tidy on the files of the release build, or with --last N on the N of them that changed last. With --where it only says in
# which virtual environment packaging/setup.sh --checks installs it.
set -eu
cd "$(dirname "$0")/.."
cache=${XDG_CACHE_HOME:-$HOME/.cache}/moe-workbench
environment=$cache/clang-tidy-23.1.4
if [ "${1:-}" = --where ]; then
    echo "$environment"
    exit
fi
if [ "${1:-}" = --last ]; then
    git log --format= --name-only | awk '!seen[$0]++'
else
    git ls-files
fi | grep '\.cpp$' | grep -v -e '^tests/fuzz/' -e '^tests/planted_race' | # which are not part of the release build
    while read -r file; do
        [ ! -f "$file" ] || echo "$file"
    done | head -n "${2:-1000000}" | python3 packaging/tidy.py "$environment/bin/clang-tidy" "$cache/tidy"
