#!/usr/bin/env python3
# SPDX-FileCopyrightText: The MoE Workbench developers
# SPDX-License-Identifier: Apache-2.0
"""clang-tidy over files of the release build, two or more at a time. A file that passed before is
not read again while it, the headers of ours that it includes, its compile command and the checks
are the same: passes are kept by their hash.
tidy.py CLANG_TIDY FOLDER_OF_PASSES < NAMES"""
import concurrent.futures
import functools
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / "build/release"
COMMANDS = BUILD / "tidy"  # the build's, without GCC's precompiled headers
TIDY = [sys.argv[1], "-p", str(COMMANDS), "--quiet", "--extra-arg=-Wno-unknown-warning-option",
        "--extra-arg=-Wno-deprecated-declarations"]  # of the library's own templates
CACHE = pathlib.Path(sys.argv[2])
PRECOMPILED = re.compile(r"-Winvalid-pch -include \S+/cmake_pch\.hxx ")
INCLUDE = re.compile(rb'^\s*#\s*include\s*"([^"]+)"', re.M)


@functools.cache
def content(path):
    return path.read_bytes()


def closure(path):
    """The file and every header of ours that it includes; includes name paths from the root."""
    seen, waiting = set(), [path]
    while waiting:
        one = waiting.pop()
        if one in seen:
            continue
        seen.add(one)
        for name in INCLUDE.findall(content(one)):
            beside, fromRoot = one.parent / name.decode(), ROOT / name.decode()
            waiting += [there for there in (beside, fromRoot) if there.is_file()]
    return sorted(seen)


def main(names):
    commands = {}
    entries = json.loads((BUILD / "compile_commands.json").read_text())
    for entry in entries:
        entry["command"] = PRECOMPILED.sub("", entry["command"])
        commands.setdefault(entry["file"], []).append(entry["command"].replace(str(ROOT), ""))
    COMMANDS.mkdir(exist_ok=True)
    (COMMANDS / "compile_commands.json").write_text(json.dumps(entries))
    version = subprocess.run([TIDY[0], "--version"], capture_output=True, check=True).stdout

    def checks(path):
        files = [folder / ".clang-tidy" for folder in path.parents if folder.is_relative_to(ROOT)]
        return b"\0".join(content(file) for file in files if file.is_file())

    def key(path):
        digest = hashlib.sha256(version + checks(path) + "\n".join(commands[str(path)]).encode())
        for one in closure(path):
            digest.update(b"\0" + str(one.relative_to(ROOT)).encode() + b"\0" + content(one))
        return CACHE / digest.hexdigest()

    def check(name):
        path = ROOT / name
        if str(path) not in commands:
            return f"{name}: not part of the release build\n"
        passed = key(path)
        if passed.exists():
            return ""
        run = subprocess.run([*TIDY, str(path)], capture_output=True, text=True)
        if run.returncode:
            return run.stdout
        passed.touch()
        return ""

    CACHE.mkdir(parents=True, exist_ok=True)
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        for said in pool.map(check, names):
            failed += bool(said)
            sys.stdout.write(said)
            sys.stdout.flush()
    print(f"clang-tidy: {len(names) - failed} of {len(names)} files pass")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main([line.strip() for line in sys.stdin]))
