# SPDX-License-Identifier: Apache-2.0
"""Containers that keep logging while their files are rotated: what demo and fault tests point the agent at.

Each line carries its container and a sequence number from 0, so that whoever counts documents can say exactly which line is
missing or there twice. Rotation is done as its real doer does it:

* rename, the kubelet's way: older rotated files are gzipped, 0.log is renamed to 0.log.YYYYMMDD-hhmmss, the runtime goes on
  writing to the renamed file until it is told to reopen, then makes a new 0.log;
* numbered, logrotate's way with delaycompress: 0.log.1 is gzipped to 0.log.2.gz, 0.log is renamed to 0.log.1, a new one is made;
* copytruncate, logrotate's other way: 0.log is copied to 0.log.1 and truncated in place.
"""

import glob
import gzip
import json
import os
import random
import shutil
import time

import wrap


class ContainerLog:
    """One container's log file, /var/log/pods/.../0.log of a node folder."""

    def __init__(self, path, name, rotation="rename", rotate_bytes=1 << 20, runtime="cri", files_max=0, pad_bytes=120, seed=None):
        """rotation: rename, numbered, copytruncate or none. files_max: rotated files kept (0: all). runtime: cri or docker.
        With a seed files are rotated at random sizes around rotate_bytes, and some lines are written in two pieces."""
        self.path = path
        self.name = name
        self.rotation = rotation
        self.rotate_bytes = rotate_bytes
        self.files_max = files_max
        self.written = 0  # lines; the next sequence number
        self.bytes_written = 0
        self.rotations = 0
        self._wrap = wrap.WRAPPERS[runtime]
        self._pad = "x" * pad_bytes
        self._size = os.path.getsize(path) if os.path.exists(path) else 0
        self._random = None if seed is None else random.Random(seed)
        self._limit = self._next_limit()
        os.makedirs(os.path.dirname(path), exist_ok=True)
        self._file = open(path, "ab", buffering=0)

    def line(self, sequence):
        """The container's own line for a sequence number; every 1000th is over 16 KiB, every 50th is plain text."""
        message = {"ts": time.time(), "level": "info", "msg": f"line {sequence}", "container": self.name, "seq": sequence,
                   "pad": self._pad}
        if sequence % 1000 == 999:
            message["pad"] = "y" * 40_000
        if sequence % 50 == 49:
            return f"plain text container={self.name} seq={sequence} end".encode()
        return json.dumps(message, separators=(",", ":")).encode()

    def write(self, count=1):
        """Appends `count` lines, rotating when the file has grown enough."""
        for _ in range(count):
            data = self._wrap(self.line(self.written), "stderr" if self.written % 7 == 3 else "stdout")
            self._append(data)
            self._size += len(data)
            if self.rotation != "none" and self._size >= self._limit:
                self.rotate()

    def rotate(self):
        self.rotations += 1
        {"rename": self._rename, "numbered": self._numbered, "copytruncate": self._copytruncate}[self.rotation]()
        self._size = 0
        self._limit = self._next_limit()

    def _next_limit(self):
        return self.rotate_bytes if self._random is None else self.rotate_bytes * self._random.choice((0.05, 0.5, 1, 1.5))

    def _append(self, data):
        """One line of the container's, and its number."""
        cut = self._random.randrange(len(data)) if self._random is not None and self._random.random() < 0.1 else 0
        if cut:
            self._file.write(data[:cut])
        self._file.write(data[cut:])
        self.bytes_written += len(data)
        self.written += 1

    def close(self):
        self._file.close()

    def _rename(self):
        for rotated in sorted(glob.glob(glob.escape(self.path) + ".*")):
            if not rotated.endswith((".gz", ".tmp")):
                self._compress(rotated, rotated + ".gz")
        self._drop_oldest()
        stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime())
        target = f"{self.path}.{stamp}"
        while os.path.exists(target) or os.path.exists(target + ".gz"):  # rotated twice in one second
            stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime(time.mktime(time.strptime(stamp, "%Y%m%d-%H%M%S")) + 1))
            target = f"{self.path}.{stamp}"
        os.rename(self.path, target)
        # The runtime still holds the renamed file and writes there until it reopens.
        for _ in range(2):
            self._append(self._wrap(self.line(self.written), "stdout"))
        self._reopen()

    def _reopen(self):
        self._file.close()
        self._file = open(self.path, "ab", buffering=0)

    @staticmethod
    def _compress(source_path, target_path):
        with open(source_path, "rb") as source, gzip.open(target_path + ".tmp", "wb", compresslevel=1) as target:
            shutil.copyfileobj(source, target)
        os.rename(target_path + ".tmp", target_path)
        os.remove(source_path)

    def _shift(self):
        """0.log.N becomes 0.log.N+1, compressed or not."""
        numbered = [(int(p.removesuffix(".gz").rsplit(".", 1)[1]), p) for p in glob.glob(glob.escape(self.path) + ".[0-9]*")
                    if not p.endswith(".tmp")]
        for number, path in sorted(numbered, reverse=True):
            os.rename(path, f"{self.path}.{number + 1}" + (".gz" if path.endswith(".gz") else ""))

    def _numbered(self):
        if os.path.exists(self.path + ".1"):
            self._compress(self.path + ".1", self.path + ".1.gz")
        self._shift()
        os.rename(self.path, self.path + ".1")
        # The writer is told to reopen a moment later.
        self._append(self._wrap(self.line(self.written), "stdout"))
        self._reopen()

    def _copytruncate(self):
        self._shift()
        shutil.copyfile(self.path, self.path + ".1")
        os.truncate(self.path, 0)
        self._drop_oldest()

    def _drop_oldest(self):
        rotated = sorted(glob.glob(glob.escape(self.path) + ".*"), key=os.path.getmtime)
        for path in rotated[: max(0, len(rotated) - self.files_max)] if self.files_max else []:
            os.remove(path)


def run(logs, lines_per_second, seconds=None, lines=None, stop=None):
    """Writes to all logs in turn at a total rate (0: as fast as it goes) until time, lines or stop() end it; returns lines written."""
    begin = time.monotonic()
    total = 0
    while True:
        elapsed = time.monotonic() - begin
        if (seconds is not None and elapsed >= seconds) or (lines is not None and total >= lines) or (stop and stop()):
            return total
        due = total + 100 * len(logs) if lines_per_second == 0 else int(elapsed * lines_per_second)
        if lines is not None:
            due = min(due, lines)
        while total < due:
            logs[total % len(logs)].write()
            total += 1
        if lines_per_second:
            time.sleep(0.005)
