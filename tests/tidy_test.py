#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Code about code: what a reviewer should not have to say twice.

Each rule is one test and lists every place that breaks it. An exception stands in tests/tidy_exceptions.txt with
its reason; one that is needed no longer fails the test, so the list only gets shorter.
"""

import os
import re
import subprocess
import sys
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
EXCEPTIONS = os.path.join(ROOT, "tests", "tidy_exceptions.txt")

FILE_LINES_WARN = 400
FILE_LINES_MAX = 600
FUNCTION_LINES_MAX = 120
HEAVY_USERS_MAX = 4
DOC_BYTES_MAX = 1 << 20

# Stages meet in include/tailrace only. A folder may include itself, the folders named here, and include/tailrace.
GROUND = {"event", "text", "net", "observe", "config"}
MAY_INCLUDE = {
    "event": {"text"},
    "text": {"event"},
    "observe": {"event", "text", "net"},
    "net": {"text", "observe"},
    "config": {"text", "event", "observe"},
    "forward": GROUND,
    "input": GROUND | {"buffer", "kubernetes", "forward"},
    "parser": GROUND,
    "filter": GROUND | {"kubernetes"},
    "formatter": GROUND,
    "kubernetes": GROUND,
    "route": GROUND,
    "buffer": GROUND | {"runtime"},  # the rings and descriptors where threads meet
    "output": GROUND | {"buffer", "forward"},
}
STAGES = {"input", "parser", "filter", "formatter", "output"}

# (what, pattern, folders or files where it is allowed, why)
BANNED_CALLS = [
    ("std::cout", r"std::cout\b", ("src/command/", "src/main.cpp"), "data goes out through a command; the rest logs"),
    ("std::cerr", r"std::cerr\b", ("src/command/", "src/main.cpp", "src/observe/"), "log instead"),
    ("printf", r"(?<![\w:>.])(?:std::)?printf\s*\(", ("src/command/", "src/main.cpp"), "log or return text"),
    # unique_ptr<T>(new T(..)) is how a private constructor is called.
    ("new", r"^(?!.*unique_ptr).*(?<![\w.])new\s+(?!\()[A-Za-z_:]", (), "std::make_unique"),
    ("delete", r"(?<![\w.=])\s*\bdelete\b(?:\s*\[\])?\s+[A-Za-z_*(]", (), "an owner with a destructor"),
    ("malloc", r"\b(?:std::)?(?:malloc|calloc|realloc|free)\s*\(", (), "containers, arenas"),
    ("sleep", r"\b(?:u?sleep|nanosleep|sleep_for|sleep_until)\s*\(", (), "a timer or a condition with a limit"),
    ("system", r"(?<![\w.:>])(?:std::)?system\s*\(|\bpopen\s*\(", (), "no shell"),
    ("sprintf", r"\bv?sprintf\s*\(", (), "fmt or std::to_chars"),
    ("strcpy", r"\bstr(?:cpy|cat|tok)\s*\(", (), "std::string_view"),
    ("rand", r"(?<![\w.:>])(?:std::)?s?rand\s*\(", (), "<random>"),
    ("gmtime/localtime", r"\b(?:gmtime|localtime|asctime|ctime)\s*\(", (), "the _r forms; these share a buffer"),
]
HOT_FOLDERS = ("src/event/", "src/input/", "src/parser/", "src/route/", "src/filter/", "src/formatter/", "src/buffer/",
               "src/output/")
HOT_CALLS = [
    ("strftime", r"\b(?:std::)?strf?ptime\s*\(|\bstrftime\s*\(", "text/'s compiled time formats"),
    ("std::regex", r"\bstd::regex\b", "text/'s Regex"),
    ("stringstream", r"\bstd::[io]?stringstream\b", "append to a buffer"),
    ("mmap", r"(?<![\w.:>])mmap\s*\(", "pread: a truncated file would kill us"),
]
# Split so that this file does not trip over itself.
LEFTOVERS = re.compile(r"\b(?:TO" r"DO|FIX" r"ME|X" r"XX|HA" r"CK)\b|\b[Ff]or n" r"ow\b")
LEFTOVER_WORDS = re.compile(r"\b(?:TO" r"DO|FIX" r"ME|X" r"XX)\b")
MACHINE_PATHS = re.compile(r"(?<![\w.])/(?:work|root)/[\w.]")
REGISTRY_HOSTS = re.compile(
    r"\b(?:repo1?\.maven\." r"org|repo\.maven\.apache\." r"org|proxy\.golang\." r"org|sum\.golang\." r"org|pypi\." r"org"
    r"|files\.pythonhosted\." r"org|registry\.npmjs\." r"org|crates\." r"io\b|(?:deb|security|snapshot)\.debian\." r"org)")
SOURCE_ENDINGS = (".h", ".cpp")
SPDX_ENDINGS = (".h", ".cpp", ".py", ".sh", ".cmake")


def tracked_files():
    listing = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, capture_output=True,
                             check=True).stdout.decode()
    return sorted(p for p in set(listing.split("\0")) if p and os.path.isfile(os.path.join(ROOT, p)))


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8", errors="replace") as file:
        return file.read()


def blank_out(text):
    """C++ source with comments, strings and character literals blanked: same length, same line breaks."""
    pattern = re.compile(
        r'R"(?P<d>[^()\s\\]{0,16})\(.*?\)(?P=d)"|//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|(?<![\w])\'(?:\\.|[^\'\\\n])+\'',
        re.S)
    return pattern.sub(lambda m: re.sub(r"[^\n]", " ", m.group()), text)


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def function_lengths(code):
    """(first line, lines) of every brace block that follows a `)`: a function body, in blanked-out source."""
    lengths, stack = [], []
    for at, char in enumerate(code):
        if char == "{":
            before = re.sub(r"\s*(?:const|noexcept|override|final|mutable|try|&&?|->\s*[\w:<>,\s*&]+)*\s*$", "", code[max(0, at - 200):at])
            initialised = re.search(r"\)\s*:\s*[^;{}]*$", code[max(0, at - 400):at])
            is_function = before.endswith(")") or bool(initialised)
            # An inner block (if, for, lambda) is part of its function.
            stack.append((at, is_function and not any(f for _, f in stack)))
        elif char == "}" and stack:
            begin, is_function = stack.pop()
            if is_function:
                lengths.append((line_of(code, begin), code.count("\n", begin, at) + 1))
    return lengths


class Tidy(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.files = tracked_files()
        cls.sources = [p for p in cls.files if p.endswith(SOURCE_ENDINGS) and p.split("/")[0] in ("src", "include", "tests", "bench")]
        cls.text = {p: read(p) for p in cls.files if os.path.getsize(os.path.join(ROOT, p)) < DOC_BYTES_MAX}
        cls.code = {p: blank_out(cls.text[p]) for p in cls.sources if p in cls.text}
        cls.exceptions = {}
        for line in read("tests/tidy_exceptions.txt").splitlines():
            if line.strip() and not line.startswith("#"):
                rule, path, reason = line.split(None, 2)
                cls.exceptions[(rule, path)] = reason
        cls.used = set()

    def report(self, rule, found):
        """Fails with the list of (path, line, what), less the listed exceptions of this rule."""
        bad = []
        for path, line, what in found:
            if (rule, path) in self.exceptions:
                self.used.add((rule, path))
            else:
                bad.append(f"{path}:{line}: {what}")
        stale = [f"tests/tidy_exceptions.txt: '{rule} {path}' is needed no longer"
                 for r, path in self.exceptions if r == rule and (r, path) not in self.used]
        if bad or stale:
            self.fail("\n" + "\n".join(bad + stale))

    def test_stages_do_not_include_each_other(self):
        found = []
        for path, text in self.text.items():
            match = re.match(r"src/(\w+)/", path)
            if not match or not path.endswith(SOURCE_ENDINGS) or match.group(1) not in MAY_INCLUDE:
                continue
            here = match.group(1)
            for include in re.finditer(r'^\s*#\s*include\s+"(\w+)/', text, re.M):
                there = include.group(1)
                if there not in MAY_INCLUDE[here] | {here, "tailrace"} and os.path.isdir(os.path.join(ROOT, "src", there)):
                    found.append((path, line_of(text, include.start()), f"{here} includes {there}"))
        self.report("include", found)

    def test_public_headers_include_only_themselves(self):
        found = []
        for path, text in self.text.items():
            if path.startswith("include/") and path.endswith(".h"):
                for include in re.finditer(r'^\s*#\s*include\s+"(?!tailrace/)([^"]+)"', text, re.M):
                    found.append((path, line_of(text, include.start()), f"includes {include.group(1)}"))
        self.report("public-include", found)

    def test_heavy_headers_stay_out_of_headers(self):
        """Never in include/; in a header of src/ only while few files include that."""
        heavy = re.compile(r"#\s*include\s+[<\"](boost/asio|spdlog/|CLI/|yaml-cpp/|msgpack|simdjson|rdkafka|curl/)[\w/.]*")
        found = []
        for path, text in self.text.items():
            if not (path.startswith(("include/", "src/")) and path.endswith(".h")):
                continue
            short = path.split("/", 1)[1]
            users = sum(f'#include "{short}"' in other for other in self.text.values())
            if path.startswith("include/") or users > HEAVY_USERS_MAX:
                found += [(path, line_of(text, m.start()), f"{m.group(1)} in a header that {users} files include: into the .cpp")
                          for m in heavy.finditer(text)]
        self.report("heavy-header", found)

    def test_files_are_short(self):
        found, long = [], []
        for path in self.sources:
            lines = self.text[path].count("\n")
            if lines > FILE_LINES_MAX:
                found.append((path, lines, f"{lines} lines, at most {FILE_LINES_MAX}: split it"))
            elif lines > FILE_LINES_WARN:
                long.append(f"{path}: {lines} lines")
        if long:
            print(f"over {FILE_LINES_WARN} lines, think of splitting:\n  " + "\n  ".join(long))
        self.report("file-length", found)

    def test_functions_are_short(self):
        found = [(path, line, f"a function of {lines} lines, at most {FUNCTION_LINES_MAX}")
                 for path, code in self.code.items() if path.startswith(("src/", "include/"))
                 for line, lines in function_lengths(code) if lines > FUNCTION_LINES_MAX]
        self.report("function-length", found)

    def test_banned_calls(self):
        found = []
        for path, code in self.code.items():
            if not path.startswith(("src/", "include/")):
                continue
            for what, pattern, allowed, instead in BANNED_CALLS:
                if not path.startswith(allowed or ("-",)):
                    found += [(path, line_of(code, m.start()), f"{what}: {instead}") for m in re.finditer(pattern, code, re.M)]
            for what, pattern, instead in HOT_CALLS:
                if path.startswith(HOT_FOLDERS):
                    found += [(path, line_of(code, m.start()), f"{what} on the hot path: {instead}")
                              for m in re.finditer(pattern, code)]
        self.report("banned-call", found)

    def test_nothing_is_left_for_later(self):
        found = []
        for path, text in self.text.items():
            if path.startswith(("tests/data/", "tests/oracle/", "tests/services/kube/kubekit/")):
                continue
            words = LEFTOVERS if path.endswith(SOURCE_ENDINGS) else LEFTOVER_WORDS
            found += [(path, line_of(text, m.start()), m.group()) for m in words.finditer(text)]
        self.report("leftover", found)

    def test_licence_line_comes_first(self):
        found = []
        for path in self.files:
            if not (path.endswith(SPDX_ENDINGS) or os.path.basename(path) in ("CMakeLists.txt", "dev")):
                continue
            head = "\n".join(self.text.get(path, "").splitlines()[:2])
            if "SPDX-License-Identifier: Apache-2.0" not in head:
                found.append((path, 1, "no SPDX-License-Identifier in the first line"))
        self.report("spdx", found)

    def test_headers_say_what_they_are_for(self):
        found = []
        for path in self.sources:
            if path.endswith(".h"):
                lines = self.text[path].splitlines()
                if "#pragma once" not in lines[:40]:
                    found.append((path, 1, "no #pragma once"))
                if sum(line.startswith("//") for line in lines[1:30]) < 1:
                    found.append((path, 1, "no opening comment: what is it for, what does it promise?"))
        self.report("header-comment", found)

    def test_no_folder_is_a_drawer(self):
        found = [(p, 1, "utils, common, helpers, manager: name what it does")
                 for p in self.sources if re.search(r"(?:^|[/_])(?:utils?|commons?|helpers?|managers?|misc)(?:[/_.]|$)", p)]
        self.report("drawer", found)

    def test_no_machine_paths_or_registry_hosts(self):
        found = []
        for path, text in self.text.items():
            if path.endswith("go.sum") or path.startswith("tests/data/logs/"):
                continue
            for pattern, what in ((MACHINE_PATHS, "a path of one machine"), (REGISTRY_HOSTS, "a registry's host")):
                found += [(path, line_of(text, m.start()), f"{what}: {m.group()}") for m in pattern.finditer(text)]
        self.report("machine", found)

    def test_unit_tests_mirror_the_sources(self):
        """tests/PATH/NAME_test.cpp stands for src/PATH/: its folder must be there."""
        found = []
        for path in self.sources:
            match = re.match(r"tests/(.+)/\w+_test\.cpp$", path)
            if match and match.group(1).split("/")[0] not in ("oracle", "golden", "fuzz", "tailrace", "conf", "parsers"):
                if not os.path.isdir(os.path.join(ROOT, "src", match.group(1))):
                    found.append((path, 1, f"no folder src/{match.group(1)}"))
        self.report("mirror", found)

    def test_generated_pages_are_not_stale(self):
        binary = os.environ.get("TAILRACE_BIN", os.path.join(ROOT, "build", "release", "tailrace"))
        if not os.access(binary, os.X_OK):
            self.skipTest("no built tailrace to ask for its tables: ./dev build")
        with tempfile.TemporaryDirectory() as fresh:
            subprocess.run([sys.executable, os.path.join(ROOT, "docs", "generate.py"), binary, fresh], check=True,
                           stdout=subprocess.DEVNULL)
            made = {os.path.relpath(os.path.join(folder, name), fresh)
                    for folder, _, names in os.walk(fresh) for name in names}
            kept = {"parameters.md"} | {p[len("docs/"):] for p in self.files if p.startswith("docs/reference/")}
            found = [("docs/" + p, 1, "differs from the plugins' tables: ./dev reference") for p in sorted(made | kept)
                     if p not in made or p not in kept or open(os.path.join(fresh, p), encoding="utf-8").read() != read("docs/" + p)]
        self.report("stale", found)


if __name__ == "__main__":
    unittest.main()
