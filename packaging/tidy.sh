#!/bin/sh
# SPDX-FileCopyrightText: The MoE Workbench developers
# SPDX-License-Identifier: Apache-2.0
# clang-tidy on files of the release build: those that differ from the commit $1, or all without it.
set -eu
cd "$(dirname "$0")/.."
# Fuzz targets are not part of the release build.
if [ -n "${1:-}" ]; then
    git diff --name-only --diff-filter=d "$1" -- '*.cpp' ':!tests/fuzz'
else
    git ls-files '*.cpp' ':!tests/fuzz'
fi | xargs -r -P "$(nproc)" -n 4 clang-tidy-19 -p build/release --quiet --extra-arg=-Wno-unknown-warning-option
