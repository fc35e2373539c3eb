#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs every test suite of the repository and closes with `N passed, N failed, N skipped`.

Suites are found by name: the GoogleTest program (`unit`), tests/*_test.py (`tidy`, `golden`),
tests/integration/*_test.py and tests/faults/*_test.py. Each Python suite runs in a process of its
own, bounded in time; its output is shown only when something in it failed. Real servers are started
by the first suite that asks for one (see integration/harness.py), shared by the suites after it,
and stopped here at the end.

usage: run_suites.py [WORD...]   only suites whose name holds one of the words

TAILRACE_FORBID_SKIPS=1  a skipped test is a failed one
TAILRACE_SUITE_SECONDS   limit for one suite, 900 by default
"""

import glob
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

TESTS = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(TESTS)
LOG_TAIL_LINES = 150


class Outcome:
    """What one suite came to: counts, the reasons of skips, the names of failures."""

    def __init__(self, passed=0, failed=(), skipped=()):
        self.passed = passed
        self.failed = list(failed)  # names
        self.skipped = list(skipped)  # (name, reason)


def find_suites():
    """(name, path) of every suite; the path of `unit` is the GoogleTest program."""
    build = os.path.dirname(os.environ["TAILRACE_BIN"])
    suites = [("unit", os.path.join(build, "tests", "tailrace_tests"))]
    for folder in ("", "integration", "faults"):
        for path in sorted(glob.glob(os.path.join(TESTS, folder, "*_test.py"))):
            base = os.path.basename(path)[: -len("_test.py")]
            suites.append((os.path.join(folder, base), path))
    return suites


def run_bounded(argv, log_path, env, seconds):
    """Runs argv in a process group of its own; returns its exit code, or None when time ran out."""
    with open(log_path, "wb") as log:
        child = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=env, cwd=ROOT,
            start_new_session=True,
        )
        try:
            return child.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            return None
        finally:
            try:
                os.killpg(child.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            child.wait()


def read_gtest(result_path):
    with open(result_path, encoding="utf-8") as file:
        report = json.load(file)
    outcome = Outcome()
    for suite in report["testsuites"]:
        for test in suite["testsuite"]:
            name = suite["name"] + "." + test["name"]
            if test.get("failures"):
                outcome.failed.append(name)
            elif test.get("result") == "SKIPPED":
                outcome.skipped.append((name, "skipped by the test itself"))
            elif test.get("status") == "RUN":
                outcome.passed += 1
    return outcome


def read_python(result_path):
    with open(result_path, encoding="utf-8") as file:
        report = json.load(file)
    return Outcome(report["passed"], report["failed"], [tuple(s) for s in report["skipped"]])


def run_suite(name, path, session):
    """Runs one suite; returns (outcome, log path)."""
    safe = name.replace("/", "-")
    log_path = os.path.join(session, safe + ".log")
    result_path = os.path.join(session, safe + ".json")
    env = dict(os.environ, TAILRACE_SESSION=session, TAILRACE_SOURCE_DIR=ROOT)
    if name == "unit":
        argv = [path, "--gtest_brief=1", "--gtest_output=json:" + result_path]
    else:
        argv = [sys.executable, os.path.abspath(__file__), "--one", path, result_path]
    if not os.path.exists(path):
        with open(log_path, "w", encoding="utf-8") as log:
            log.write(f"{path} is not there: build first\n")
        return Outcome(failed=[name + ": not built"]), log_path
    code = run_bounded(argv, log_path, env, int(os.environ.get("TAILRACE_SUITE_SECONDS", "900")))
    try:
        outcome = read_gtest(result_path) if name == "unit" else read_python(result_path)
    except (OSError, ValueError, KeyError):
        outcome = Outcome()
    if code is None:
        outcome.failed.append(name + ": out of time")
    elif code != 0 and not outcome.failed:
        outcome.failed.append(f"{name}: ended with {code}")
    elif not outcome.failed and not outcome.skipped and outcome.passed == 0:
        outcome.failed.append(name + ": ran no test")
    return outcome, log_path


def run_one(path, result_path):
    """The child's side: loads one unittest file, runs it, and writes what came of it."""
    sys.path.insert(0, os.path.dirname(path))
    sys.path.insert(0, os.path.join(TESTS, "integration"))
    loader = unittest.TestLoader()
    suite = loader.discover(os.path.dirname(path), os.path.basename(path), os.path.dirname(path))
    result = unittest.TextTestRunner(stream=sys.stderr, verbosity=2).run(suite)
    failed = [str(case) for case, _ in result.failures + result.errors]
    failed += [str(case) + ": passed although failure was expected" for case in result.unexpectedSuccesses]
    skipped = [[str(case), why] for case, why in result.skipped]
    # A class that skips or fails in setUpClass counts once, its tests are not run.
    passed = max(0, result.testsRun - len(result.failures) - len(result.skipped)
                 - sum(1 for case, _ in result.errors if isinstance(case, unittest.TestCase)))
    with open(result_path, "w", encoding="utf-8") as file:
        json.dump({"passed": passed, "failed": failed, "skipped": skipped}, file)
    return 0 if not failed else 1


def show_log(log_path):
    with open(log_path, encoding="utf-8", errors="replace") as log:
        lines = log.read().splitlines()
    if len(lines) > LOG_TAIL_LINES:
        print(f"    ... {len(lines) - LOG_TAIL_LINES} lines before; all of it: {log_path}")
    for line in lines[-LOG_TAIL_LINES:]:
        print("    " + line)


def stop_services(session):
    """Stops every real server that a suite started in this session."""
    kit = os.path.join(TESTS, "services")
    for data in glob.glob(os.path.join(session, "services", "*")):
        tool = "kube/kube-stop.sh" if os.path.isdir(os.path.join(data, "pki")) else "stop.sh"
        subprocess.run([os.path.join(kit, tool), data], stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)


def print_summary(rows, forbid_skips):
    print()
    for name, outcome, seconds in rows:
        state = "FAILED" if outcome.failed else "SKIPPED" if outcome.skipped else "ok"
        print(f"{state:8}{name:40}{outcome.passed:6} passed {len(outcome.failed):4} failed "
              f"{len(outcome.skipped):4} skipped {seconds:7.1f} s")
        for test in outcome.failed:
            print(f"          failed:  {test}")
        for test, why in outcome.skipped:
            print(f"          skipped: {test}: {why}")
    passed = sum(o.passed for _, o, _ in rows)
    failed = sum(len(o.failed) for _, o, _ in rows)
    skipped = sum(len(o.skipped) for _, o, _ in rows)
    if forbid_skips and skipped:
        print(f"TAILRACE_FORBID_SKIPS is set: {skipped} skipped count as failed")
        failed, skipped = failed + skipped, 0
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 0 if failed == 0 and passed > 0 else 1


def main(words):
    suites = [s for s in find_suites() if not words or any(w in s[0] for w in words)]
    if not suites:
        print(f"no suite's name holds any of: {' '.join(words)}", file=sys.stderr)
        return 2
    session = tempfile.mkdtemp(prefix="tailrace-test-")
    rows = []
    keep = False
    try:
        for name, path in suites:
            print(f"{name} ...", flush=True)
            begin = time.monotonic()
            outcome, log_path = run_suite(name, path, session)
            rows.append((name, outcome, time.monotonic() - begin))
            if outcome.failed:
                keep = True
                show_log(log_path)
    finally:
        stop_services(session)
    status = print_summary(rows, os.environ.get("TAILRACE_FORBID_SKIPS") == "1")
    if keep:
        print(f"logs are kept in {session}", file=sys.stderr)
    else:
        shutil.rmtree(session, ignore_errors=True)
    return status


if __name__ == "__main__":
    os.environ.setdefault("TAILRACE_BIN", os.path.join(ROOT, "build", "release", "tailrace"))
    if sys.argv[1:2] == ["--one"]:
        sys.exit(run_one(*sys.argv[2:4]))
    sys.exit(main(sys.argv[1:]))
