#!/bin/sh
# SPDX-FileCopyrightText: The MoE Workbench developers
# SPDX-License-Identifier: Apache-2.0
# Everything that can be checked: formatting, scripts, all presets and their tests, clang-tidy on the whole tree, fuzzing.
set -eu
cd "$(dirname "$0")/.."
sh packaging/setup.sh --checks
git ls-files '*.h' '*.cpp' | xargs clang-format-14 --dry-run --Werror
shellcheck packaging/*.sh tests/*.sh .ci/run
sh packaging/test.sh
if python3 -c 'import jinja2' 2>/dev/null; then
    python3 tests/differential/jinja_differential.py build/release/bin/render_templates
fi
for preset in asan tsan; do
    sh packaging/build.sh $preset
    ctest --preset $preset --parallel "$(nproc)"
done
sh packaging/build.sh dev --target unit_and_engine_tests
ctest --preset dev -L unit
cmake --preset release -B build/no-window -DMOE_WITH_GUI=OFF -DMOE_WITH_TESTS=OFF
cmake --build build/no-window
sh packaging/tidy.sh
sh packaging/fuzz.sh "${1:-60}"
echo "all checks passed"
