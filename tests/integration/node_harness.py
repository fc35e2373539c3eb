# SPDX-License-Identifier: Apache-2.0
"""The usual setup of end-to-end tests: container logs of a node folder, tailed into a bulk endpoint.

Documents are counted by (container, sequence number), which log_writer.py puts into each line: `Ledger` says exactly which
lines are missing and which are there twice.
"""

import collections
import os
import re
import sys
import threading

import harness

sys.path.insert(0, harness.DATA)
import log_writer  # noqa: E402
import make_node  # noqa: E402

# As JSON within a JSON string (quotes escaped), as JSON fields, and as plain text.
LINE = re.compile(rb'container\\?"?[:=]\\?"?(load-\d+)\\?"?,? ?\\?"?seq\\?"?[:=](\d+)')

SOURCE = """
<source>
  @type tail
  @id containers
  path {node}/var/log/containers/*.log
  pos_file {folder}/containers.pos
  tag kubernetes.*
  read_from_head true
  refresh_interval 1
  {tail}
  <parse>
    @type container
  </parse>
</source>
"""

MATCH = """
<match **>
  @type elasticsearch
  @id out
  {where}
  index_name {index}
  request_timeout {timeout}s
  {output}
  <buffer>
    flush_interval {flush}
    flush_thread_count 2
    retry_wait 0.2
    retry_max_interval 1
    retry_forever true
    {buffer}
  </buffer>
</match>
"""


def to_server(url):
    """The parameters that point an elasticsearch output at a URL."""
    scheme, _, rest = url.partition("://")
    host, _, port = rest.partition(":")
    return f"host {host}\n  port {port}\n  scheme {scheme}"


def pipeline(folder, url, node=None, filters="", index="logs", timeout=5, flush="0.2", tail="", output="", buffer=""):
    """A configuration: all containers of the node folder, through `filters`, to the bulk endpoint at `url`."""
    node = node or os.path.join(folder, "node")
    return (SOURCE.format(node=node, folder=folder, tail=tail) + filters +
            MATCH.format(where=to_server(url), index=index, timeout=timeout, flush=flush, output=output, buffer=buffer))


class Load:
    """Containers of namespace load that log in a thread of their own until stop(), or until they have written enough."""

    def __init__(self, node, containers=4, rotation="rename", rotate_bytes=200_000, files_max=0, seed=None):
        self.logs = make_node.load_logs(node, containers, rotation, rotate_bytes, files_max, seed)
        self._stop = threading.Event()
        self._thread = None

    def write(self, lines):
        """Writes that many lines at once, in the caller's thread."""
        log_writer.run(self.logs, 0, lines=lines)
        return self

    def start(self, lines_per_second=2000, seconds=None, lines=None):
        self._thread = threading.Thread(
            target=lambda: log_writer.run(self.logs, lines_per_second, seconds, lines, self._stop.is_set), daemon=True)
        self._thread.start()
        return self

    def running(self):
        return self._thread is not None and self._thread.is_alive()

    def wait(self, seconds=120):
        self._thread.join(seconds)
        assert not self._thread.is_alive(), "the writer is still writing"

    def stop(self):
        self._stop.set()
        if self._thread:
            self._thread.join(30)

    def written(self):
        return sum(log.written for log in self.logs)

    def rotations(self):
        return sum(log.rotations for log in self.logs)


class Ledger:
    """Which lines of a Load arrived, and how often, among raw documents (bytes)."""

    def __init__(self, load, documents):
        self.counts = collections.Counter()
        self.unknown = 0
        for document in documents:
            match = LINE.search(document)
            if match:
                self.counts[(match.group(1).decode(), int(match.group(2)))] += 1
            else:
                self.unknown += 1
        self.missing = [(log.name, seq) for log in load.logs for seq in range(log.written)
                        if (log.name, seq) not in self.counts]
        self.twice = [key for key, count in self.counts.items() if count > 1]

    def problems(self):
        """Empty when every line is there exactly once."""
        return {name: (len(keys), keys[:5]) for name, keys in (("missing", self.missing), ("twice", self.twice)) if keys}


def raw_documents(bulk):
    """All documents of a FakeBulk as bytes."""
    with bulk._lock:
        return list(bulk.documents.values())


class NodeCase(harness.Case):
    """A test with a node folder at self.node."""

    def setUp(self):
        super().setUp()
        self.node = self.path("node", "x").removesuffix("/x")

    def load(self, **options):
        load = Load(self.node, **options)
        self.addCleanup(load.stop)
        return load

    def wait_for_all(self, load, bulk, seconds=60):
        """Until as many documents are there as lines were written; then asserts that they are the right ones."""
        try:
            self.wait_until(lambda: bulk.count() >= load.written(), "a document for each line", seconds)
        except AssertionError:
            pass  # which ones are missing says more than the number
        ledger = Ledger(load, raw_documents(bulk))
        self.assertEqual({}, ledger.problems(), f"{load.written()} lines, {bulk.count()} documents, {load.rotations()} rotations")
        self.assertEqual([], bulk.duplicates())
        return ledger
