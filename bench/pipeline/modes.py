# SPDX-License-Identifier: Apache-2.0
"""One run of a collector in each mode. All raise RunFailed when a promise is broken."""

import json
import pathlib
import shutil
import subprocess
import time

import harness
from harness import RunFailed


class Context:
    """What all runs share: programs, the folder for their files, sizes."""

    def __init__(self, tools, work, source, seed, seconds, timeout_s):
        self.tools = tools
        self.work = pathlib.Path(work)
        self.source = pathlib.Path(source)  # bench/pipeline
        self.seed = seed
        self.seconds = seconds  # of the modes that run by the clock
        self.timeout_s = timeout_s

    def fresh(self, name):
        folder = self.work / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        return folder


class Tailrace:
    """How to start the agent itself. peers.Peer has the same members."""

    name = "tailrace"
    exact = True  # duplicates fail a run too
    joins_pieces = True

    def __init__(self, context):
        self.context = context

    def start(self, workload, logs, state, port):
        values = {"LOGS": logs, "STATE": state, "PORT": port, "WORKERS": 1, **dict(workload.values)}
        folder = state / "conf"
        for template in (self.context.source / "workloads").rglob("*.conf"):
            target = folder / template.relative_to(self.context.source / "workloads")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(harness.fill(template.read_text(), values))
        config = folder / workload.config_folder() / "fluent.conf"
        return harness.Measured(self.command(config), state / "agent.log")

    def command(self, config):
        return [self.context.tools.agent, "-c", config]

    def null_run_ended(self, state, files):
        return harness.positions_at_end(state / "tail.pos", files)


def whole_events(collector, workload):
    """False where the collector sends the pieces of a message one by one."""
    return collector.joins_pieces or workload.kind != "app"


def check(collector, workload, summary):
    """The books of one run; raises RunFailed where they do not add up."""
    faults = []
    if whole_events(collector, workload) and summary["lost"] > 0:
        faults.append(f"{summary['lost']} of {summary['expected']} events lost")
    if summary["invented"] > 0:
        faults.append(f"{summary['invented']} events that were never written")
    if summary["bad_requests"] > 0:
        faults.append(f"{summary['bad_requests']} malformed requests")
    if collector.exact:
        if summary["duplicates"] > 0:
            faults.append(f"{summary['duplicates']} events twice")
        if summary["unknown"] > 0:
            faults.append(f"{summary['unknown']} documents that are no event")
    if faults:
        raise RunFailed("; ".join(faults))


def backlog(context, collector, workload, logs, manifest):
    """Reads what is there to its end. Figures of throughput."""
    state = context.fresh("state")
    files = harness.log_files(manifest)
    total = manifest["total"]
    with harness.Sink(context.tools, logs / "manifest.json", context.work / "sink.log") as sink:
        process = collector.start(workload, logs, state, sink.port)
        try:
            if workload.output == "null":
                harness.wait_until(lambda: collector.null_run_ended(state, files), process,
                                   context.timeout_s, "all files read")
                ended_ns = time.time_ns()
            else:
                what, want = (("unique", total["events"]) if whole_events(collector, workload)
                              else ("documents", total["lines"]))
                harness.wait_until(lambda: sink.counts()[what] >= want, process,
                                   context.timeout_s, f"all {want} documents received",
                                   every_s=0.05)
                ended_ns = sink.counts()["last_ns"]
            usage = process.stop()
        finally:
            process.kill()
        summary = sink.summary()
    if workload.output == "bulk":
        check(collector, workload, summary)
    wall_s = (ended_ns - process.started_ns) / 1e9
    megabytes = total["bytes"] / 1e6
    return {**usage, "wall_s": wall_s, "mb_per_s": megabytes / wall_s,
            "mb_per_cpu_s": megabytes / usage["cpu_s"], "lines_per_cpu_s": total["lines"] / usage["cpu_s"],
            "lost": summary.get("lost") if workload.output == "bulk" else 0,
            "duplicates": summary["duplicates"], "wire_mb": summary["wire_bytes"] / 1e6}


def floor(context, workload, logs, manifest):
    with harness.Sink(context.tools, logs / "manifest.json", context.work / "sink.log") as sink:
        result = harness.run_floor(context.tools, workload.floor, harness.log_files(manifest), sink)
        summary = sink.summary()
    if "--send" in workload.floor and summary["lost"] > 0:
        raise RunFailed(f"the floor lost {summary['lost']} events")
    return result


class Writer:
    """tailrace_generate writing at a rate. It creates the files, then waits two seconds."""

    DELAY_S = 2

    def __init__(self, context, workload, logs, duration_s):
        self._logs = logs
        self._child = subprocess.Popen(
            [str(context.tools.generate), "--out", str(logs), "--kind", workload.kind, "--files",
             str(workload.files), "--seed", str(context.seed), "--duration", str(duration_s),
             "--delay", str(self.DELAY_S), *workload.extra], stdout=subprocess.DEVNULL)
        while not (logs / "pods.json").exists():
            time.sleep(0.005)

    def manifest(self):
        """Waits for the writer's end."""
        if self._child.wait() != 0:
            raise RunFailed("the generator failed")
        return json.loads((self._logs / "manifest.json").read_text())

    def kill(self):
        if self._child.poll() is None:
            self._child.kill()
            self._child.wait()


def steady(context, collector, workload):
    """A constant rate: CPU share, memory and delay of the agent."""
    logs, state = context.fresh("logs-steady"), context.fresh("state")
    writer = Writer(context, workload, logs, context.seconds)
    with harness.Sink(context.tools, logs / "manifest.json", context.work / "sink.log") as sink:
        process = collector.start(workload, logs, state, sink.port)
        try:
            harness.wait_until(lambda: sink.counts()["documents"] > 0, process, 30, "a first event")
            cpu, clock = process.cpu_seconds(), time.monotonic()
            manifest = writer.manifest()
            cpu, clock = process.cpu_seconds() - cpu, time.monotonic() - clock
            harness.wait_until(lambda: sink.counts()["unique"] >= manifest["total"]["events"],
                               process, 60, "all events received", every_s=0.1)
            usage = process.stop()
        finally:
            process.kill()
            writer.kill()
        summary = sink.summary()
    check(collector, workload, summary)
    delay = summary.get("delay_ms", {})
    return {**usage, "cpu_percent": 100 * cpu / clock, "mb_per_s": manifest["total"]["bytes"] / 1e6 / context.seconds,
            "delay_p50_ms": delay.get("p50"), "delay_p99_ms": delay.get("p99"),
            "delay_max_ms": delay.get("max"), "lost": summary["lost"],
            "duplicates": summary["duplicates"]}


def many(context, collector, workload):
    """Thousands of files, few of them written: start-up, then nothing happens."""
    logs, state = context.fresh("logs-many"), context.fresh("state")
    writer = Writer(context, workload, logs, 8)
    with harness.Sink(context.tools, logs / "manifest.json", context.work / "sink.log") as sink:
        time.sleep(Writer.DELAY_S + 1)  # the quiet files have their lines, the others are written
        process = collector.start(workload, logs, state, sink.port)
        try:
            harness.wait_until(lambda: sink.counts()["documents"] > 0, process, 60, "a first event",
                               every_s=0.005)
            first_ns = sink.counts()["first_ns"]
            manifest = writer.manifest()
            harness.wait_until(lambda: sink.counts()["unique"] >= manifest["total"]["events"],
                               process, 60, "all events received")
            idle = idle_cpu(process, context.seconds)
            usage = process.stop()
        finally:
            process.kill()
            writer.kill()
        summary = sink.summary()
    check(collector, workload, summary)
    return {**usage, **idle, "first_line_s": (first_ns - process.started_ns) / 1e9,
            "lost": summary["lost"], "duplicates": summary["duplicates"]}


def idle(context, collector, workload):
    """Nothing is written at all."""
    logs, state = context.fresh("logs-idle"), context.fresh("state")
    manifest = Writer(context, workload, logs, 0).manifest()
    with harness.Sink(context.tools, logs / "manifest.json", context.work / "sink.log") as sink:
        process = collector.start(workload, logs, state, sink.port)
        try:
            harness.wait_until(lambda: sink.counts()["unique"] >= manifest["total"]["events"],
                               process, 60, "all events received")
            result = idle_cpu(process, context.seconds)
            usage = process.stop()
        finally:
            process.kill()
        check(collector, workload, sink.summary())
    return {**usage, **result}


def idle_cpu(process, seconds):
    time.sleep(3)  # what start-up left behind
    cpu, clock = process.cpu_seconds(), time.monotonic()
    time.sleep(seconds)
    process.poll()
    share = (process.cpu_seconds() - cpu) / (time.monotonic() - clock)
    return {"idle_cpu_percent": 100 * share, "idle_rss_mb": process.rss_mb()}
