#!/bin/sh
# SPDX-FileCopyrightText: The MoE Workbench developers
# SPDX-License-Identifier: Apache-2.0
# clang-tidy on files of the release build: those that differ from the commit $1, or all without it. With --where it only says in
# which virtual environment packaging/setup.sh --checks installs it.
set -eu
cd "$(dirname "$0")/.."
cache=${XDG_CACHE_HOME:-$HOME/.cache}/moe-workbench
environment=$cache/clang-tidy-23.1.4
if [ "${1:-}" = --where ]; then
    echo "$environment"
    exit
fi
# Fuzz targets and the planted race are not part of the release build.
if [ -n "${1:-}" ]; then
    git diff --name-only --diff-filter=d "$1"
else
    git ls-files
fi | grep '\.cpp$' | grep -v -e '^tests/fuzz/' -e '^tests/planted_race' | python3 packaging/tidy.py "$environment/bin/clang-tidy" "$cache/tidy"
