#!/bin/sh
# SPDX-FileCopyrightText: The MoE Workbench developers
# SPDX-License-Identifier: Apache-2.0
# Set-up, release build, every test.
set -eu
cd "$(dirname "$0")/.."
sh packaging/build.sh
ctest --preset release
