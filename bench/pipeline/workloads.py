# SPDX-License-Identifier: Apache-2.0
"""The fixed set of workloads: what is generated, which floor is the denominator, how a run ends.

Each has a folder workloads/NAME with the tailrace configuration (fluent.conf), in which these are
filled in: @LOGS@ (folder made by tailrace_generate), @STATE@ (positions, buffers), @PORT@ (the
sink), @WORKERS@, and what `values` adds.
"""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Workload:
    name: str
    title: str
    kind: str = "app"  # of tailrace_generate
    files: int = 8
    floor: tuple = ()  # arguments of tailrace_floor; empty: no floor, not a throughput run
    output: str = "bulk"  # bulk: into the sink; null: ends when all positions stand at the end
    config: str = ""  # folder with the configuration, if not the workload's own
    values: tuple = ()  # ((name, value), ...) in place of or beside the common ones
    peers: bool = False  # also run by peers
    extra: tuple = ()  # of tailrace_generate
    mode: str = "backlog"  # backlog, steady, many, idle

    def config_folder(self):
        return self.config or self.name


def other_matches(count):
    """Sections that match none of the events."""
    return "\n".join(f"<match other.service{i}.**>\n  @type null\n</match>" for i in range(count))


WORKLOADS = [
    Workload("W1", "CRI tail, join, JSON to bulk", floor=("--send",), peers=True),
    Workload("W2", "W1 with Kubernetes metadata and the echo schema",
             floor=("--metadata", "--send"), peers=True),
    Workload("W3", "W2 with gzip", floor=("--metadata", "--gzip", "--send"), peers=True),
    Workload("W4", "nginx lines, built-in parser, to bulk", kind="nginx",
             floor=("--format", "nginx", "--send"), peers=True),
    Workload("W4u", "nginx lines, a user's own pattern, to bulk", kind="nginx",
             floor=("--format", "nginx-regex", "--send")),
    Workload("W5", "W1 into the null output", floor=("--no-send",), output="null"),
    Workload("W5x2", "W5 with two workers", floor=("--no-send",), output="null", config="W5",
             values=(("WORKERS", "2"),)),
    Workload("W6", "steady 10 MB/s, flush_interval 1s", mode="steady",
             extra=("--rate", "10MB", "--rotate", "20MB")),
    Workload("W6i", "steady 10 MB/s, flush_mode immediate", mode="steady",
             extra=("--rate", "10MB", "--rotate", "20MB")),
    Workload("W7", "10,000 files of which 50 are written", files=10000, mode="many",
             extra=("--rate", "1MB", "--active", "50", "--quiet-lines", "10")),
    Workload("idle", "1,000 quiet files", files=1000, mode="idle",
             extra=("--rate", "1", "--active", "1", "--quiet-lines", "10")),
    Workload("W8", "forward in, forward out", mode="forward"),
    Workload("W9", "CRI tail, JSON to Kafka", mode="kafka"),
    Workload("W10", "multi-line stack traces to bulk", kind="stack",
             floor=("--format", "traces", "--send")),
    Workload("routes10", "W5 behind 10 other matches", floor=("--no-send",), output="null",
             config="routes", values=(("MATCHES", other_matches(10)),)),
    Workload("routes2000", "W5 behind 2,000 other matches", floor=("--no-send",), output="null",
             config="routes", values=(("MATCHES", other_matches(2000)),)),
    Workload("wide", "W1 with 100 members in each message", kind="wide", floor=("--send",),
             config="W1"),
    Workload("W11", "W2 with redaction", floor=("--metadata", "--send")),
]

BY_NAME = {w.name: w for w in WORKLOADS}
