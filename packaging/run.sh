#!/bin/sh
# SPDX-FileCopyrightText: The MoE Workbench developers
# SPDX-License-Identifier: Apache-2.0
# The main job from a bare Debian 12: set-up, build, and the window with a live demo run. Without a display the demo trains
# offscreen for 120 steps, prints its figures and leaves screenshots in ./demo-screenshots. Arguments go on to moe-workbench;
# one that says what to show (--open, --screenshots, --help, --version) takes the demo's place.
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
sh "$here/packaging/build.sh"
for argument in "$@"; do
    case $argument in
    --open* | --screenshots* | --help | --version) exec "$here/build/release/bin/moe-workbench" "$@" ;;
    esac
done
exec "$here/build/release/bin/moe-workbench" --demo "$@"
