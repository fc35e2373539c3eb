#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes what a process prints as a container runtime would: CRI lines or docker's json-file.

usage: COMMAND | wrap.py cri|docker [stdout|stderr] >FILE

A line gets the time at which it arrived. Lines longer than 16 KiB are cut as containerd and dockerd cut them: CRI
parts are tagged P and the last one F; docker's parts lack the newline, which only the last one carries.
"""

import datetime
import json
import sys
import time

PART_BYTES = 16 * 1024


def stamp(nanoseconds=None):
    """RFC 3339 in UTC with nanoseconds, as containerd writes it."""
    nanoseconds = time.time_ns() if nanoseconds is None else nanoseconds
    second = datetime.datetime.fromtimestamp(nanoseconds // 10**9, datetime.timezone.utc)
    return second.strftime("%Y-%m-%dT%H:%M:%S") + f".{nanoseconds % 10**9:09d}Z"


def parts(line):
    """The line's pieces of at most 16 KiB; an empty line is one empty piece."""
    return [line[at:at + PART_BYTES] for at in range(0, len(line), PART_BYTES)] or [b""]


def cri(line, stream="stdout", nanoseconds=None):
    """The CRI lines for one line (bytes, without its newline) of a container."""
    pieces = parts(line)
    out = b""
    for number, piece in enumerate(pieces):
        tag = b"F" if number == len(pieces) - 1 else b"P"
        out += b"%s %s %s %s\n" % (stamp(nanoseconds).encode(), stream.encode(), tag, piece)
    return out


def docker(line, stream="stdout", nanoseconds=None):
    """The json-file lines for one line (bytes, without its newline) of a container."""
    pieces = parts(line)
    out = b""
    for number, piece in enumerate(pieces):
        end = "\n" if number == len(pieces) - 1 else ""
        text = piece.decode("utf-8", errors="replace") + end
        entry = {"log": text, "stream": stream, "time": stamp(nanoseconds)}
        out += json.dumps(entry, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
    return out


WRAPPERS = {"cri": cri, "docker": docker}

if __name__ == "__main__":
    wrapper = WRAPPERS[sys.argv[1]]
    for raw in sys.stdin.buffer:
        sys.stdout.buffer.write(wrapper(raw.rstrip(b"\n"), *sys.argv[2:3]))
        sys.stdout.buffer.flush()
