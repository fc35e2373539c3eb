#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Golden pipelines: a command of tailrace, its input, and byte for byte what it printed when a person last approved it.

A case is a folder tests/golden/NAME with

    command          the arguments, in one line, run in that folder: filter -c fluent.conf --now 1705314600
    input            standard input (optional)
    expected         standard output

`./dev golden` compares, `./dev golden --update` records anew; the diff is what a reviewer reads. All cases also run with
`./dev test`.
"""

import glob
import os
import shlex
import subprocess
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BIN = os.path.abspath(os.environ.get("TAILRACE_BIN", os.path.join(ROOT, "build", "release", "tailrace")))
UPDATE = os.environ.get("TAILRACE_GOLDEN_UPDATE") == "1"
LIMIT_SECONDS = 60


def read(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError:
        return b""


class Golden(unittest.TestCase):
    maxDiff = None

    def check(self, folder):
        arguments = shlex.split(read(os.path.join(folder, "command")).decode())
        done = subprocess.run([BIN, *arguments], input=read(os.path.join(folder, "input")), capture_output=True, cwd=folder,
                              timeout=LIMIT_SECONDS, env={**os.environ, "TZ": "UTC"}, check=False)
        self.assertEqual(0, done.returncode, done.stderr.decode(errors="replace"))
        expected = os.path.join(folder, "expected")
        if UPDATE:
            with open(expected, "wb") as file:
                file.write(done.stdout)
        # As lists of lines: a failure shows the lines that differ.
        self.assertEqual(read(expected).decode(errors="replace").splitlines(), done.stdout.decode(errors="replace").splitlines())
        self.assertEqual(read(expected), done.stdout)


def add_cases():
    for command in sorted(glob.glob(os.path.join(ROOT, "tests", "golden", "**", "command"), recursive=True)):
        folder = os.path.dirname(command)
        name = os.path.relpath(folder, os.path.join(ROOT, "tests", "golden")).replace("/", "_").replace("-", "_")
        setattr(Golden, "test_" + name, lambda self, folder=folder: self.check(folder))


add_cases()

if __name__ == "__main__":
    unittest.main()
