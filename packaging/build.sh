#!/bin/sh
# SPDX-FileCopyrightText: The MoE Workbench developers
# SPDX-License-Identifier: Apache-2.0
# Set-up and build: sh packaging/build.sh [PRESET [OPTION OF cmake --build…]], release unless told.
set -eu
cd "$(dirname "$0")/.."
preset=${1:-release}
[ $# = 0 ] || shift
if [ "$preset" = fuzz ]; then
    sh packaging/setup.sh --checks
else
    sh packaging/setup.sh
fi
cmake --preset "$preset"
cmake --build --preset "$preset" --parallel "$(nproc)" "$@"
