# SPDX-License-Identifier: Apache-2.0
"""Modes that need more than the bulk sink: forward to forward (W8), Kafka (W9)."""

import dataclasses
import json
import os
import pathlib
import shutil
import socket
import subprocess
import time

import harness
from harness import RunFailed

FORWARD_BYTES = 200_000_000
TOPIC = "bench"


class Skipped(Exception):
    """Something that the run needs is not on this machine; the text says what."""


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def accepts(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=0.2).close()
        return True
    except OSError:
        return False


def with_values(workload, values):
    return dataclasses.replace(workload, values=workload.values + tuple(values.items()))


def forward(context, collector, workload):
    """Events into the forward input and out of the forward output, both with acknowledgements."""
    state = context.fresh("state")
    ports = {"FORWARD_IN": free_port(), "FORWARD_OUT": free_port()}
    workload = with_values(workload, ports)
    process = collector.start(workload, context.work, state, 0)
    try:
        harness.wait_until(lambda: accepts(ports["FORWARD_IN"]), process, 30,
                           "listening for forward")
        done = subprocess.run(
            [str(context.tools.forward), "--send-to", str(ports["FORWARD_IN"]),
             "--receive-on", str(ports["FORWARD_OUT"]), "--bytes", str(FORWARD_BYTES),
             "--timeout", str(context.timeout_s)], stdout=subprocess.PIPE, text=True, check=False)
        if done.returncode > 1:
            raise RunFailed(f"the other end failed; the agent says: {process.log_tail()}")
        result = json.loads(done.stdout.splitlines()[-1])
        usage = process.stop()
    finally:
        process.kill()
    if result["lost"] or result["duplicates"] or result["acknowledged"] < result["chunks"]:
        raise RunFailed(f"{result['lost']} events lost, {result['duplicates']} twice, "
                        f"{result['acknowledged']} of {result['chunks']} chunks acknowledged")
    megabytes = result["bytes"] / 1e6
    return {**usage, "wall_s": result["wall_s"], "mb_per_s": megabytes / result["wall_s"],
            "mb_per_cpu_s": megabytes / usage["cpu_s"], "lost": result["lost"],
            "duplicates": result["duplicates"]}


class Broker:
    """A Kafka broker: the one that BENCH_KAFKA names, or one from tests/services."""

    def __init__(self, context):
        self._scripts = context.source.parent.parent / "tests/services"
        self._folder = pathlib.Path(context.work) / "kafka"
        self.address = os.environ.get("BENCH_KAFKA")
        self._ours = self.address is None

    def __enter__(self):
        if not self._ours:
            return self
        if shutil.which("java") is None:
            raise Skipped("no Kafka: BENCH_KAFKA is not set and there is no JDK to start one")
        shutil.rmtree(self._folder, ignore_errors=True)
        started = subprocess.run([str(self._scripts / "kafka-start.sh"), str(free_port()),
                                  str(self._folder)], stdout=subprocess.PIPE, text=True,
                                 check=False, env={**os.environ, "TEST_SERVICE_JIT": "full"})
        if started.returncode != 0:
            raise Skipped("Kafka could not be started, see above")
        self.address = started.stdout.strip()
        return self

    def __exit__(self, *_):
        if self._ours and self.address:
            subprocess.run([str(self._scripts / "stop.sh"), str(self._folder)], check=False)


def kafka(context, collector, workload):
    """Container logs into a topic of a real broker on the same machine."""
    logs = context.work / "logs-kafka"
    manifest = harness.generate(context.tools, logs, workload, "100MB", context.seed)
    total = manifest["total"]
    topic = f"{TOPIC}-{time.time_ns()}"
    state = context.fresh("state")
    with Broker(context) as broker:
        process = collector.start(
            with_values(workload, {"KAFKA_BROKERS": broker.address,
                                        "KAFKA_TOPIC": topic}), logs, state, 0)
        try:
            harness.wait_until(
                lambda: harness.positions_at_end(state / "tail.pos", harness.log_files(manifest)),
                process, context.timeout_s, "all files read and acknowledged")
            ended_ns = time.time_ns()
            usage = process.stop()
        finally:
            process.kill()
        checked = subprocess.run(
            [str(context.tools.kafka_check), "--brokers", broker.address, "--topic", topic,
             "--manifest", str(logs / "manifest.json"), "--events", str(total["events"])],
            stdout=subprocess.PIPE, text=True, check=False)
    if checked.returncode > 1:
        raise RunFailed("the topic could not be read")
    books = json.loads(checked.stdout)
    if books["lost"] or books["duplicates"] or books["unknown"]:
        raise RunFailed(f"{books['lost']} events lost, {books['duplicates']} twice, "
                        f"{books['unknown']} messages that are no event")
    wall_s = (ended_ns - process.started_ns) / 1e9
    megabytes = total["bytes"] / 1e6
    return {**usage, "wall_s": wall_s, "mb_per_s": megabytes / wall_s,
            "mb_per_cpu_s": megabytes / usage["cpu_s"], "lost": books["lost"],
            "duplicates": books["duplicates"]}
