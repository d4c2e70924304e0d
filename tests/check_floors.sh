#!/usr/bin/env bash
# SPDX-FileCopyrightText: The MoE Workbench developers
# SPDX-License-Identifier: Apache-2.0
# Includes go down only: app > ui > engine > kernels, none from tests; no Qt below ui; QCustomPlot in
# ui/plots alone.
set -u
root=${1:?usage: check_floors.sh SOURCE_DIR}
cd "$root" || exit 2
broken=0
complain() { # PATTERN MESSAGE FOLDER…
    local pattern=$1 message=$2
    shift 2
    local hits
    hits=$(grep -rnE --include='*.h' --include='*.cpp' --include='*.cu' --include='*.cuh' "$pattern" "$@" 2>/dev/null)
    if [ -n "$hits" ]; then
        printf '%s\n%s\n' "$message" "$hits"
        broken=1
    fi
}
complain '#include\s*[<"](engine|ui|app)/' 'kernels/ includes from above:' kernels
complain '#include\s*[<"](ui|app)/' 'engine/ includes from above:' engine
complain '#include\s*[<"]app/' 'ui/ includes from above:' ui
complain '#include\s*[<"](Q[A-Z]|Qt|qcustomplot)' 'Qt below ui/:' kernels engine app/moe
complain '#include\s*[<"](ui/|qcustomplot)' 'moe (no window) includes the window:' app/moe
complain '#include\s*[<"]tests/' 'the product includes from the tests:' kernels engine ui app
hits=$(grep -rln --include='*.h' --include='*.cpp' 'qcustomplot\.h' ui app tests/ui 2>/dev/null | grep -vE '^(ui/plots/|tests/ui/plots/)')
[ -n "$hits" ] && { printf 'QCustomPlot outside ui/plots:\n%s\n' "$hits"; broken=1; }
missing=$(find kernels engine ui app tests -type f \( -name '*.h' -o -name '*.cpp' -o -name '*.cu' \) -print0 | xargs -0 grep -L 'SPDX-License-Identifier' 2>/dev/null)
[ -n "$missing" ] && { printf 'No SPDX header:\n%s\n' "$missing"; broken=1; }
[ "$broken" = 0 ] && echo 'every include stays on its floor'
exit "$broken"
