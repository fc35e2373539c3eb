#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The benchmarks: tailrace and the peers on this machine through a fixed set of workloads.

    run.py [WORKLOAD...]       all, or the named ones (W1 ... W11, idle); see workloads.py
    run.py --check [...]       the gate on instructions instead, see instructions.py

Every run of tailrace is paired with one of the floor program on the same files. Writes
bench/results/NAME.json, NAME.svg and README.md. Exit code 1 if any run of tailrace failed.
"""

import argparse
import datetime
import os
import pathlib
import platform
import subprocess
import sys

import harness
import instructions
import modes
import optional_modes
import peers
import report
from workloads import BY_NAME, WORKLOADS

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent


def parse_arguments(argv):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("workloads", nargs="*", metavar="WORKLOAD", help="W1 ... W11, idle")
    parser.add_argument("--runs", type=int, default=5, help="runs of each; the median counts")
    parser.add_argument("--size", default="400MB", help="input of a backlog run")
    parser.add_argument("--peer-size", default="100MB", help="the same for peers")
    parser.add_argument("--peer-runs", type=int, default=1)
    parser.add_argument("--no-peers", action="store_true")
    parser.add_argument("--only-peers", action="store_true")
    parser.add_argument("--peer", action="append", default=[], metavar="NAME=PROGRAM",
                        help="where a peer is that is not on the PATH")
    parser.add_argument("--seconds", type=int, default=20, help="length of W6, W7 and idle")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--timeout", type=int, default=300, help="seconds for one run")
    parser.add_argument("--build", default=str(ROOT / "build/release"))
    parser.add_argument("--work", default=str(ROOT / "bench/results/tmp"),
                        help="folder for generated logs and state")
    parser.add_argument("--results", default=str(ROOT / "bench/results"))
    arguments = parser.parse_args(argv)
    unknown = [name for name in arguments.workloads if name not in BY_NAME]
    if unknown:
        parser.error(f"no workload {unknown[0]}; there are {', '.join(BY_NAME)}")
    return arguments


def machine():
    cpu = next((line.split(":", 1)[1].strip()
                for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines()
                if line.startswith("model name")), platform.machine())
    commit = subprocess.run(["git", "-C", str(ROOT), "describe", "--always", "--dirty"],
                            capture_output=True, text=True, check=False).stdout.strip()
    return {"cpu": cpu, "cores": len(os.sched_getaffinity(0)), "kernel": platform.release(),
            "commit": commit or "unknown", "date": datetime.date.today().isoformat(),
            "load": round(os.getloadavg()[0], 1)}


def say(text):
    print(text, flush=True)


def command_line(argv):
    """What was asked for, without the folders and programs of this machine."""
    shown, skip = ["./dev", "bench"], False
    for argument in argv:
        if not skip and argument not in ("--work", "--results", "--build", "--peer"):
            shown.append(argument)
        skip = argument in ("--work", "--results", "--build", "--peer")
    return " ".join(shown)


def brief(run):
    shown = ("mb_per_cpu_s", "mb_per_s", "cpu_percent", "idle_cpu_percent", "first_line_s",
             "delay_p99_ms", "peak_rss_mb", "idle_rss_mb")
    return "  ".join(f"{key}={run[key]:.2f}" for key in shown if run.get(key) is not None)


class Session:
    def __init__(self, arguments):
        self.arguments = arguments
        tools = harness.Tools(arguments.build)
        missing = [] if arguments.only_peers else tools.missing()
        if missing:
            sys.exit("not built: " + ", ".join(missing) + " (./dev build release)")
        self.context = modes.Context(tools, arguments.work, HERE, arguments.seed,
                                     arguments.seconds, arguments.timeout)
        self.context.work.mkdir(parents=True, exist_ok=True)
        given = dict(text.split("=", 1) for text in arguments.peer)
        self.peers, self.absent = peers.find(self.context, given)

    def logs(self, workload, size):
        folder = self.context.work / f"logs-{workload.kind}-{size}"
        manifest = harness.generate(self.context.tools, folder, workload, size,
                                    self.arguments.seed)
        return folder, manifest

    def once(self, collector, workload):
        if workload.mode == "backlog":
            size = (self.arguments.size if isinstance(collector, modes.Tailrace)
                    else self.arguments.peer_size)
            return modes.backlog(self.context, collector, workload, *self.logs(workload, size))
        run = {"steady": modes.steady, "many": modes.many, "idle": modes.idle,
               "forward": optional_modes.forward, "kafka": optional_modes.kafka}[workload.mode]
        return run(self.context, collector, workload)

    def run(self, workload):
        say(f"{workload.name}: {workload.title}")
        runs, floors, failures = {}, [], []
        plan = []
        if not self.arguments.only_peers:
            plan.append((modes.Tailrace(self.context),
                         self.arguments.runs if workload.floor else 1))
        if workload.peers and not self.arguments.no_peers:
            plan += [(p, self.arguments.peer_runs) for p in self.peers if p.config(workload)]
        for collector, count in plan:
            for _ in range(count):
                try:
                    base = None
                    if workload.floor and isinstance(collector, modes.Tailrace):
                        base = modes.floor(self.context, workload,
                                           *self.logs(workload, self.arguments.size))
                        say(f"  floor      {brief(base)}")
                    run = self.once(collector, workload)
                except optional_modes.Skipped as skipped:
                    say(f"  SKIPPED {collector.name}: {skipped}")
                    failures.append((collector.name, f"skipped: {skipped}"))
                    break
                except harness.RunFailed as failed:
                    say(f"  FAILED {collector.name}: {failed}")
                    failures.append((collector.name, str(failed)))
                    continue
                say(f"  {collector.name:10} {brief(run)}")
                runs.setdefault(collector.name, []).append(run)
                if base:
                    floors.append(base)
        return report.workload_result(workload, runs, floors, failures)


def main(argv):
    if "--check" in argv:
        return instructions.main([a for a in argv if a != "--check"])
    arguments = parse_arguments(argv)
    session = Session(arguments)
    if session.absent and not arguments.no_peers:
        say("peers not installed, skipped: " + ", ".join(session.absent))
    chosen = [BY_NAME[n] for n in arguments.workloads] or WORKLOADS
    command = command_line(argv)
    results = []
    for workload in chosen:
        results.append(session.run(workload))
        report.write(arguments.results, machine(), command, results[-1])
        report.write_page(arguments.results, [w.name for w in WORKLOADS],
                          [] if arguments.no_peers else session.absent)
    say(f"written: {arguments.results}/README.md")
    failed = any(f["collector"] == "tailrace" and not f["why"].startswith("skipped")
                 for r in results for f in r["failures"])
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
