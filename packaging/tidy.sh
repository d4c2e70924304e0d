#!/bin/sh
# SPDX-FileCopyrightText: The MoE Workbench developers
# SPDX-License-Identifier: Apache-2.0
# clang-tidy on files of the release build: those that differ from the commit $1, or all without it.
set -eu
cd "$(dirname "$0")/.."
# Fuzz targets and the planted race are not part of the release build.
if [ -n "${1:-}" ]; then
    git diff --name-only --diff-filter=d "$1"
else
    git ls-files
fi | grep '\.cpp$' | grep -v -e '^tests/fuzz/' -e '^tests/planted_race' | python3 packaging/tidy.py
