#!/bin/sh
# SPDX-FileCopyrightText: The MoE Workbench developers
# SPDX-License-Identifier: Apache-2.0
# Installs what building, running and testing need, on a bare Debian 12 (root, or sudo). With --checks also what
# packaging/check.sh needs. Asks nothing; does nothing when all is there.
set -eu
cd "$(dirname "$0")/.."

packages="
    g++ cmake ninja-build ccache pkg-config
    qt6-base-dev qt6-base-dev-tools qt6-svg-dev qt6-tools-dev qt6-tools-dev-tools qt6-l10n-tools
    libgl1-mesa-dev libqcustomplot-dev qt6-qpa-plugins qt6-translations-l10n
    libdnnl-dev libsentencepiece-dev libpcre2-dev libutf8proc-dev nlohmann-json3-dev libsqlite3-dev libboost-dev
    linux-doc linux-libc-dev fonts-noto-core fonts-noto-cjk fonts-dejavu-core
    xvfb xauth
"
checks="clang-14 libclang-rt-14-dev clang-format-14 git python3 python3-venv shellcheck appstream desktop-file-utils"
[ "${1:-}" = "--checks" ] && packages="$packages $checks"

missing=""
for package in $packages; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing="$missing $package"
done
if [ -n "$missing" ]; then
    if [ "$(id -u)" = 0 ]; then
        as_root="env"
    elif command -v sudo >/dev/null 2>&1; then
        as_root="sudo"
    else
        echo "packages are missing:$missing: run this as root, or install sudo" >&2
        exit 1
    fi
    echo "installing:$missing"
    $as_root apt-get update -q
    # shellcheck disable=SC2086 # a list of words
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $missing
fi

# Debian 12's newest clang-tidy, 19, checks the declarations of all system headers too, which takes most of its time.
if [ "${1:-}" = "--checks" ]; then
    tidy=$(sh packaging/tidy.sh --where)
    if [ ! -x "$tidy/bin/clang-tidy" ]; then
        python3 -m venv "$tidy"
        "$tidy/bin/pip" install --quiet "clang-tidy==${tidy##*-}"
    fi
fi
