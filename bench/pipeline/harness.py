# SPDX-License-Identifier: Apache-2.0
"""Starts the programs of a benchmark run and measures them. Linux only, standard library only."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import time
import urllib.request

CLOCK_TICKS = os.sysconf("SC_CLK_TCK")


class RunFailed(Exception):
    """The run broke a promise (a line lost, say) or did not end; the text says which."""


class Tools:
    """Where the programs of one build are."""

    def __init__(self, build):
        build = pathlib.Path(build)
        self.agent = build / "tailrace"
        self.floor = build / "bench/floor/tailrace_floor"
        self.generate = build / "bench/pipeline/tailrace_generate"
        self.sink = build / "bench/pipeline/tailrace_sink"
        self.forward = build / "bench/pipeline/tailrace_forward"
        self.kafka_check = build / "bench/pipeline/tailrace_kafka_check"

    def missing(self):
        return [str(p) for p in vars(self).values() if not p.exists()]


class Measured:
    """A child process whose CPU time and peak memory are taken when it ends."""

    def __init__(self, command, log, cwd=None):
        self.command = [str(c) for c in command]
        self.log_path = pathlib.Path(log)
        self.started_ns = time.time_ns()
        self.peak_rss_mb = 0.0
        self.result = None
        with open(self.log_path, "wb") as out:
            self._child = subprocess.Popen(
                self.command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
                cwd=cwd, start_new_session=True)
        self.pid = self._child.pid

    def poll(self):
        """Raises RunFailed if the process has ended by itself."""
        self._note_memory()
        pid, status, usage = os.wait4(self.pid, os.WNOHANG)
        if pid:
            self._finish(status, usage)
            raise RunFailed(f"{self.command[0]} ended early with status "
                            f"{os.waitstatus_to_exitcode(status)}: {self.log_tail()}")

    def stop(self, timeout_s=60):
        """SIGTERM, then waits. Returns {"cpu_s", "user_s", "sys_s", "peak_rss_mb", "exit"}."""
        if self.result is not None:
            return self.result
        self._note_memory()
        os.kill(self.pid, signal.SIGTERM)
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            self._note_memory()
            pid, status, usage = os.wait4(self.pid, os.WNOHANG)
            if pid:
                return self._finish(status, usage)
            time.sleep(0.005)
        os.kill(self.pid, signal.SIGKILL)
        _, status, usage = os.wait4(self.pid, 0)
        self._finish(status, usage)
        raise RunFailed(f"{self.command[0]} did not stop within {timeout_s} s of SIGTERM")

    def kill(self):
        """For clean-up after a failed run."""
        if self.result is None:
            os.kill(self.pid, signal.SIGKILL)
            _, status, usage = os.wait4(self.pid, 0)
            self._finish(status, usage)

    def cpu_seconds(self):
        """So far, of all threads, in nanosecond resolution."""
        total = 0
        for task in pathlib.Path(f"/proc/{self.pid}/task").iterdir():
            try:
                total += int((task / "schedstat").read_text().split()[0])
            except (FileNotFoundError, ProcessLookupError):
                pass  # the thread has just ended
        return total / 1e9

    def rss_mb(self):
        return self._status_mb("VmRSS")

    def log_tail(self, size=400):
        return self.log_path.read_bytes()[-size:].decode(errors="replace").strip()

    def _note_memory(self):
        # VmHWM, not ru_maxrss: the latter starts at what the forking process used.
        self.peak_rss_mb = max(self.peak_rss_mb, self._status_mb("VmHWM"))

    def _status_mb(self, name):
        try:
            for line in pathlib.Path(f"/proc/{self.pid}/status").read_text().splitlines():
                if line.startswith(name + ":"):
                    return int(line.split()[1]) * 1024 / 1e6
        except (FileNotFoundError, ProcessLookupError):
            pass
        return 0.0

    def _finish(self, status, usage):
        self._child.returncode = os.waitstatus_to_exitcode(status)
        self.result = {
            "cpu_s": usage.ru_utime + usage.ru_stime, "user_s": usage.ru_utime,
            "sys_s": usage.ru_stime, "peak_rss_mb": round(self.peak_rss_mb, 1),
            "exit": self._child.returncode,
        }
        return self.result


class Sink:
    """The bulk endpoint. Use as a context manager."""

    def __init__(self, tools, manifest, log, extra=()):
        self._command = [str(tools.sink), "--port", "0", "--verify", "--manifest", str(manifest),
                         *extra]
        self._log = log

    def __enter__(self):
        self._log_file = open(self._log, "wb")
        self._child = subprocess.Popen(self._command, stdout=subprocess.PIPE,
                                       stderr=self._log_file, stdin=subprocess.DEVNULL)
        self.port = json.loads(self._child.stdout.readline())["port"]
        self.url = f"http://127.0.0.1:{self.port}"
        return self

    def __exit__(self, *_):
        if self._child.poll() is None:
            self._child.terminate()
        self._child.wait()
        self._child.stdout.close()
        self._log_file.close()

    def counts(self):
        return self._get("/_counts")

    def summary(self):
        return self._get("/_summary")

    def _get(self, path):
        with urllib.request.urlopen(self.url + path, timeout=30) as answer:
            return json.load(answer)


def generate(tools, folder, workload, size, seed):
    """Makes the logs of a backlog workload, or takes those that an earlier run left."""
    folder = pathlib.Path(folder)
    command = [str(tools.generate), "--out", str(folder), "--kind", workload.kind, "--files",
               str(workload.files), "--bytes", str(size), "--seed", str(seed)]
    recipe = folder / "recipe"
    if not (recipe.exists() and recipe.read_text() == " ".join(command)):
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        recipe.write_text(" ".join(command))
    return json.loads((folder / "manifest.json").read_text())


def fill(template, values):
    """`template` with @NAME@ replaced for each name in `values`."""
    for name, value in values.items():
        template = template.replace(f"@{name}@", str(value))
    return template


def log_files(manifest):
    return [f["path"] for f in manifest["files"]]


def run_floor(tools, arguments, files, sink):
    """One run of the floor program; returns what it prints."""
    command = [str(tools.floor)]
    for argument in arguments:
        command.append(argument)
        if argument == "--send":
            command.append(sink.url)
    done = subprocess.run(command + files, check=True, stdout=subprocess.PIPE)
    return json.loads(done.stdout)


def positions_at_end(pos_file, files):
    """True when a Fluentd pos_file says that every file was read to its present end."""
    try:
        lines = pathlib.Path(pos_file).read_text().splitlines()
    except FileNotFoundError:
        return False
    by_inode = {}
    for line in lines:
        parts = line.split("\t")
        if len(parts) == 3:
            by_inode[int(parts[2], 16)] = int(parts[1], 16)
    for path in files:
        status = os.stat(path)
        if by_inode.get(status.st_ino) != status.st_size:
            return False
    return True


def wait_until(condition, process, timeout_s, what, every_s=0.02):
    """Polls until `condition()` holds; RunFailed on timeout or when the process ends."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        process.poll()
        if time.monotonic() > deadline:
            raise RunFailed(f"not {what} within {timeout_s} s: {process.log_tail()}")
        time.sleep(every_s)
