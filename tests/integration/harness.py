# SPDX-License-Identifier: Apache-2.0
"""What integration and fault tests share: the agent as a process, temp folders, bounded waits, NDJSON.

    from harness import Case, main

    class MyTest(Case):
        def test_lines_arrive(self):
            bulk = self.fake_bulk()
            agent = self.agent('''<source> ... </source> <match **> ... </match>''')
            self.wait_until(lambda: bulk.count() == 10, "10 documents")
            agent.stop()

    if __name__ == "__main__":
        main()

Everything that a test starts through its Case is stopped at the end, and when the test has failed the
agents' logs are printed. Nothing waits for ever: each wait has a limit and says what it waited for.
Suites run under tests/run_suites.py or alone, as programs. The binary is $TAILRACE_BIN.
"""

import ctypes
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest
import urllib.error
import urllib.request

import real_servers
from fake_bulk import FakeBulk

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BIN = os.environ.get("TAILRACE_BIN", os.path.join(ROOT, "build", "release", "tailrace"))
DATA = os.path.join(ROOT, "tests", "data")
WAIT_SECONDS = 30
POLL_SECONDS = 0.02
PR_SET_PDEATHSIG = 1

_libc = ctypes.CDLL(None, use_errno=True)


def _die_with_parent():
    """In the child: a killed test leaves no agent behind."""
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def free_port():
    """A TCP port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(condition, what, seconds=WAIT_SECONDS):
    """Polls until condition() is true and returns that value; AssertionError naming `what` when time is up."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() >= end:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(POLL_SECONDS)


def http(method, url, body=None, headers=None, seconds=30, context=None):
    """One HTTP request; returns (status, body bytes). An HTTP error status is an answer, not an exception."""
    if isinstance(body, (dict, list)):
        body = json.dumps(body).encode()
        headers = {"Content-Type": "application/json", **(headers or {})}
    request = urllib.request.Request(url, data=body, method=method, headers=headers or {})
    try:
        with urllib.request.urlopen(request, timeout=seconds, context=context) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def http_json(method, url, body=None, **options):
    """As http(), with the body decoded; AssertionError unless the status is 2xx."""
    status, answer = http(method, url, body, **options)
    if not 200 <= status < 300:
        raise AssertionError(f"{method} {url}: {status} {answer[:500]!r}")
    return json.loads(answer) if answer else None


def read_ndjson(path):
    """The JSON documents of a file, one a line; an unfinished last line is left out."""
    with open(path, "rb") as file:
        data = file.read()
    return [json.loads(line) for line in data[: data.rfind(b"\n") + 1].split(b"\n") if line]


def to_ndjson(documents):
    return "".join(json.dumps(d, ensure_ascii=False, separators=(",", ":")) + "\n" for d in documents).encode()


def run_command(args, stdin=b"", seconds=WAIT_SECONDS, env=None):
    """Runs `tailrace ARGS...` to its end; returns CompletedProcess with bytes stdout and stderr."""
    return subprocess.run([BIN, *args], input=stdin, capture_output=True, timeout=seconds,
                          env={**os.environ, **(env or {})}, check=False)


class Agent:
    """One running `tailrace run -c CONF`. Its output goes to a file in `folder`."""

    def __init__(self, conf, folder, name="agent", args=(), env=None):
        self.name = name
        self.folder = folder
        self.conf_path = os.path.join(folder, name + ".conf")
        self.log_path = os.path.join(folder, name + ".log")
        self.args = list(args)
        self.env = {**os.environ, **(env or {})}
        self.process = None
        self.stopped = False  # by us
        self.write_conf(conf)

    def write_conf(self, conf):
        with open(self.conf_path, "w", encoding="utf-8") as file:
            file.write(conf)

    def start(self):
        assert self.process is None or self.process.poll() is not None, self.name + " runs already"
        self.stopped = False
        # stdout and stderr of all lives of this agent go to one file, so a failure shows the story.
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen([BIN, "run", "-c", self.conf_path, *self.args],
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder,
                                            env=self.env, preexec_fn=_die_with_parent)
        return self

    def running(self):
        return self.process is not None and self.process.poll() is None

    def signal(self, number):
        self.process.send_signal(number)

    def kill(self):
        """SIGKILL: no chance to tidy up. Returns once the process is gone."""
        self.stopped = True
        if self.running():
            self.process.kill()
        self.process.wait(timeout=10)

    def stop(self, seconds=WAIT_SECONDS):
        """SIGTERM and wait for a graceful end; returns the exit code. AssertionError when it takes too long."""
        self.stopped = True
        if self.running():
            self.process.terminate()
        try:
            return self.process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"{self.name} did not stop within {seconds} s of SIGTERM") from None

    def wait_exit(self, seconds=WAIT_SECONDS):
        """Waits for the agent to end by itself; returns the exit code."""
        self.stopped = True
        try:
            return self.process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.name} still runs after {seconds} s") from None

    def log(self):
        try:
            with open(self.log_path, encoding="utf-8", errors="replace") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def wait_log(self, text, seconds=WAIT_SECONDS):
        """Until the log holds `text`; fails at once when the agent has ended without saying it."""
        def said():
            if text in self.log():
                return True
            if not self.running():
                raise AssertionError(f"{self.name} ended with {self.process.poll()} before logging {text!r}")
            return False
        wait_until(said, f"{self.name} logs {text!r}", seconds)

    def rss_bytes(self):
        with open(f"/proc/{self.process.pid}/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def cpu_seconds(self):
        with open(f"/proc/{self.process.pid}/stat", encoding="ascii") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Case(unittest.TestCase):
    """A test with a folder of its own (self.dir) and everything it started stopped at its end."""

    longMessage = True
    maxDiff = 4000

    def setUp(self):
        if not os.path.exists(BIN):
            self.fail(f"{BIN} is not there: ./dev build")
        self.dir = tempfile.mkdtemp(prefix="tailrace-case-")
        self._agents = []
        self.addCleanup(self._clean_up)

    def _clean_up(self):
        for agent in self._agents:
            if agent.process is not None:
                agent.kill()
        if self._has_failed():
            for agent in self._agents:
                lines = agent.log().splitlines()[-100:]
                print(f"--- {self.id()}: log of {agent.name} ({agent.conf_path}):", flush=True)
                print("\n".join(lines), flush=True)
            print(f"--- {self.id()}: folder kept: {self.dir}", flush=True)
        else:
            shutil.rmtree(self.dir, ignore_errors=True)

    def _has_failed(self):
        outcome = self._outcome
        result = getattr(outcome, "result", None)
        errors = list(getattr(outcome, "errors", [])) if result is None else []
        problems = errors + list(getattr(result, "failures", [])) + list(getattr(result, "errors", []))
        return any(getattr(case, "test_case", case) is self and text for case, text in problems)

    def path(self, *parts):
        """A path inside this test's folder; its parent folders are made."""
        path = os.path.join(self.dir, *parts)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        return path

    def write(self, relative, data, mode="wb"):
        """Writes (or appends, mode 'ab') bytes or text to a file of this test's folder; returns its path."""
        path = self.path(relative)
        with open(path, mode) as file:
            file.write(data.encode() if isinstance(data, str) else data)
        return path

    def agent(self, conf, name="agent", args=(), env=None, start=True):
        """An agent with this configuration, started unless start=False."""
        agent = Agent(conf, self.dir, name, args, env)
        self._agents.append(agent)
        return agent.start() if start else agent

    def fake_bulk(self, **options):
        """A bulk endpoint under the test's control (see fake_bulk.py)."""
        server = FakeBulk(**options).start()
        self.addCleanup(server.stop)
        return server

    def wait_until(self, condition, what, seconds=WAIT_SECONDS):
        """As the function, but fails at once when an agent of this test has ended by itself."""
        def met():
            value = condition()
            for agent in self._agents:
                if not value and agent.process is not None and not agent.stopped and not agent.running():
                    raise AssertionError(f"{agent.name} ended with {agent.process.poll()} before: {what}")
            return value
        return wait_until(met, what, seconds)

    def unique(self, prefix="test"):
        """A name for an index, topic or namespace that no other test uses."""
        return f"{prefix}-{os.getpid()}-{time.monotonic_ns()}"


elasticsearch = real_servers.elasticsearch
opensearch = real_servers.opensearch
kafka = real_servers.kafka
kubernetes = real_servers.kubernetes
elasticsearch_versions = real_servers.elasticsearch_versions
opensearch_versions = real_servers.opensearch_versions
main = unittest.main
