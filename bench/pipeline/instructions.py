# SPDX-License-Identifier: Apache-2.0
"""The gate against slow growth of cost: instructions instead of seconds.

    run.py --check             compares with bench/baseline.json, exit 1 at +3%
    run.py --check --update    writes bench/baseline.json anew: say in the commit why

The real binary reads a fixed input under callgrind, twice, 2 MB and 22 MB of it, so what counts is
the cost of a line and not that of starting. Instructions hardly vary from run to run or with the
load of the machine. Callgrind hides AVX-512, so every machine with AVX2 counts the same code; a
new compiler or library version can move the numbers, which is what --update is for. Where the
instructions are: callgrind_annotate bench/results/tmp/callgrind.W2
"""

import argparse
import json
import pathlib
import shutil
import sys

import harness
import modes
from workloads import BY_NAME

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
BASELINE = ROOT / "bench/baseline.json"
LIMIT = 0.03
# Callgrind counts each byte of a `rep movsb` as an instruction; make memcpy use vector moves.
WITHOUT_REP_MOVSB = "GLIBC_TUNABLES=glibc.cpu.x86_rep_movsb_threshold=0x10000000000"
SMALL, LARGE = "2MB", "22MB"
CASES = {"null": "W5", "bulk": "W2"}


class UnderCallgrind(modes.Tailrace):
    """tailrace inside callgrind; the file with the counts is named by `out`."""

    def __init__(self, context, out):
        super().__init__(context)
        self.out = out

    def command(self, config):
        return ["env", WITHOUT_REP_MOVSB, "valgrind", "--tool=callgrind", "--quiet", f"--callgrind-out-file={self.out}",
                *super().command(config)]


def count(context, workload, size, out):
    """(instructions, lines) of one run."""
    folder = context.work / f"check-{workload.kind}-{size}"
    manifest = harness.generate(context.tools, folder, workload, size, seed=1)
    out.unlink(missing_ok=True)
    modes.backlog(context, UnderCallgrind(context, out), workload, folder, manifest)
    for line in out.read_text().splitlines():
        if line.startswith(("summary:", "totals:")):
            return int(line.split()[1]), manifest["total"]["lines"]
    raise harness.RunFailed(f"no counts in {out}")


def measure(context, workload):
    out = context.work / f"callgrind.{workload.name}"
    small, small_lines = count(context, workload, SMALL, out)
    large, large_lines = count(context, workload, LARGE, out)
    return {"per_line": round((large - small) / (large_lines - small_lines), 1),
            "start_millions": round((small - (large - small) / (large_lines - small_lines)
                                     * small_lines) / 1e6, 1)}


def compare(now, kept):
    """Prints a line for each case; true if none is over the limit."""
    good = True
    for case, figures in now.items():
        if case not in kept:
            print(f"{case:6} {figures['per_line']:9.1f} instructions a line; nothing to compare with")
            good = False
            continue
        growth = figures["per_line"] / kept[case]["per_line"] - 1
        verdict = "ok" if growth <= LIMIT else f"MORE THAN {LIMIT:+.0%}"
        good = good and growth <= LIMIT
        print(f"{case:6} {figures['per_line']:9.1f} instructions a line, kept "
              f"{kept[case]['per_line']:9.1f}, {growth:+.2%}  {verdict}")
    return good


def main(argv):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("cases", nargs="*", metavar="CASE", help=", ".join(CASES))
    parser.add_argument("--update", action="store_true", help="keep what is measured now")
    parser.add_argument("--build", default=str(ROOT / "build/release"))
    parser.add_argument("--work", default=str(ROOT / "bench/results/tmp"))
    arguments = parser.parse_args(argv)
    unknown = [c for c in arguments.cases if c not in CASES]
    if unknown:
        parser.error(f"no case {unknown[0]}; there are {', '.join(CASES)}")
    if shutil.which("valgrind") is None:
        sys.exit("valgrind is not installed (apt-get install valgrind)")
    context = modes.Context(harness.Tools(arguments.build), arguments.work, HERE, seed=1,
                            seconds=0, timeout_s=300)
    context.work.mkdir(parents=True, exist_ok=True)
    try:
        now = {case: measure(context, BY_NAME[CASES[case]])
               for case in arguments.cases or list(CASES)}
    except harness.RunFailed as failed:
        print(f"the run itself failed: {failed}")
        return 1
    kept = json.loads(BASELINE.read_text()) if BASELINE.exists() else {}
    good = compare(now, kept)
    if arguments.update:
        BASELINE.write_text(json.dumps({**kept, **now}, indent=1, sort_keys=True) + "\n")
        print(f"written: {BASELINE}")
        return 0
    return 0 if good else 1
