# SPDX-License-Identifier: Apache-2.0
"""Real servers for tests, started by the kit in tests/services at most once a run and then shared.

Under tests/run_suites.py they live in the folder $TAILRACE_SESSION, which outlives a suite: the next
suite that asks gets the running server. A suite that runs alone stops what it started when it ends.
A server that cannot be had here (no JDK, no download, no Go) raises SkipTest with the kit's reason; one that is
there and does not start is a failure.
"""

import atexit
import glob
import os
import re
import shutil
import socket
import subprocess
import tempfile
import unittest

KIT = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "services")
FETCH_SECONDS = 1800
START_SECONDS = 240

_started = {}
_own_session = None


def _session():
    """The folder of this run; a suite that runs alone makes one and removes it."""
    global _own_session
    session = os.environ.get("TAILRACE_SESSION")
    if session:
        return session
    if _own_session is None:
        _own_session = tempfile.mkdtemp(prefix="tailrace-servers-")
        atexit.register(_stop_own)
    return _own_session


def _stop_own():
    for stop, data in list(_started.values()):
        subprocess.run([os.path.join(KIT, stop), data], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, check=False)
    shutil.rmtree(_own_session, ignore_errors=True)


def _run(argv, env, seconds):
    return subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          env={**os.environ, **env}, timeout=seconds, check=False)


def _free_port():
    """A port below the ephemeral range with its four neighbours free, as Kafka's listeners need."""
    for base in range(21000, 32000, 10):
        taken = False
        for port in range(base, base + 5):
            with socket.socket() as probe:
                taken = taken or probe.connect_ex(("127.0.0.1", port)) == 0
        if not taken:
            return base
    raise AssertionError("no free port between 21000 and 32000")


def _data_dir(name):
    data = os.path.join(_session(), "services", name)
    os.makedirs(data, exist_ok=True)
    return data


def _reason(result):
    """The last line of what a script said, and before it the first error of a tool that it ran."""
    lines = [line for line in result.stderr.strip().splitlines() if line.strip()]
    errors = [line[:300] for line in lines[:-1] if "ERROR" in line or line.startswith("go: ")]
    return "; ".join(lines[-1:] + errors[:1]) if lines else f"exit code {result.returncode}"


def have_jdk(version):
    """True if a JDK of at least this version is installed: Elasticsearch 9 and OpenSearch 3 want 21, Debian 12 has 17."""
    for release in glob.glob("/usr/lib/jvm/*/release") + [os.path.join(os.environ.get("JAVA_HOME", ""), "release")]:
        try:
            with open(release, encoding="utf-8") as file:
                found = re.search(r'^JAVA_VERSION="(\d+)', file.read(), re.M)
        except OSError:
            continue
        if found and int(found.group(1)) >= version and os.path.exists(os.path.join(os.path.dirname(release), "bin/javac")):
            return True
    return False


def elasticsearch_versions():
    """The versions that this machine's JDKs can run."""
    return ["8.19.21"] + (["9.5.3"] if have_jdk(21) else [])


def opensearch_versions():
    return ["2.19.4"] + (["3.8.0"] if have_jdk(21) else [])


def _start(script, name, env):
    """Runs a start script of the kit for the shared folder `name`; returns what it prints: the address."""
    data = _data_dir(name)
    port_file = os.path.join(data, "port")
    if not os.path.exists(port_file):
        with open(port_file, "w", encoding="ascii") as file:
            file.write(str(_free_port()))
    with open(port_file, encoding="ascii") as file:
        port = file.read()
    argv = [os.path.join(KIT, script), port, data]
    if (script, name) not in _started:
        fetched = _run(argv, {**env, "FETCH_ONLY": "1"}, FETCH_SECONDS)
        if fetched.returncode != 0:
            raise unittest.SkipTest(f"{name} cannot be had: {_reason(fetched)}")
    started = _run(argv, env, START_SECONDS)
    if started.returncode != 0:
        raise AssertionError(f"{name} did not start:\n{started.stderr}")
    _started[(script, name)] = ("stop.sh", data)
    return started.stdout.strip()


class Node:
    """A running Elasticsearch or OpenSearch: url, and the folder with its log, pid and certificates."""

    def __init__(self, url, data, restart):
        self.url = url
        self.data = data
        self.start = restart  # again, on the same port and data, after stop()

    def pid(self):
        with open(os.path.join(self.data, "pid"), encoding="ascii") as file:
            return int(file.read())

    def stop(self):
        _run([os.path.join(KIT, "stop.sh"), self.data], {}, 60)


def _node(script, name, env):
    url = _start(script, name, env)
    return Node(url, _data_dir(name), lambda: _start(script, name, env))


def elasticsearch(version="8.19.21", security="off", settings="", private=None):
    """An Elasticsearch node. `private` names one of the test's own: to be stopped, hung, or set up otherwise."""
    name = "-".join(filter(None, ["elasticsearch", version, security, private]))
    return _node("elasticsearch-start.sh", name,
                 {"ES_VERSION": version, "ES_SECURITY": security, "TEST_SERVICE_SETTINGS": settings})


def elasticsearch6():
    """The URL of an Elasticsearch 6.8 node: for index lifecycle management only."""
    return _start("elasticsearch6-start.sh", "elasticsearch6", {})


def opensearch(version="2.19.4", security="off", settings="", private=None):
    """An OpenSearch node; parameters as for elasticsearch()."""
    name = "-".join(filter(None, ["opensearch", version, security, private]))
    return _node("opensearch-start.sh", name,
                 {"OPENSEARCH_VERSION": version, "OPENSEARCH_SECURITY": security, "TEST_SERVICE_SETTINGS": settings})


def kafka(security="off", settings="", private=None):
    """The bootstrap address of a Kafka broker."""
    name = "-".join(filter(None, ["kafka", security, private]))
    return _start("kafka-start.sh", name, {"KAFKA_SECURITY": security, "TEST_SERVICE_SETTINGS": settings})


class Kubernetes:
    """A running kube-apiserver (etcd behind it). `env` holds KUBE_URL, KUBE_CA, KUBECONFIG, KUBE_BIN, ..."""

    def __init__(self, data, env):
        self.data = data
        self.env = env
        self.url = env["KUBE_URL"]
        self.ca = env["KUBE_CA"]
        self.kubeconfig = env["KUBECONFIG"]

    def kubectl(self, *args, stdin=None):
        """kubectl as the cluster's admin; returns its standard output, AssertionError when it fails."""
        done = subprocess.run([os.path.join(self.env["KUBE_BIN"], "kubectl"), *args], input=stdin, capture_output=True,
                              text=True, env={**os.environ, **self.env}, timeout=60, check=False)
        if done.returncode != 0:
            raise AssertionError(f"kubectl {' '.join(args)}: {done.stderr}")
        return done.stdout

    def service_account(self, namespace, name, folder):
        """The files a pod of that ServiceAccount sees (token, ca.crt, namespace), written into `folder`."""
        done = _run([os.path.join(KIT, "kube", "kube-token.sh"), self.data, namespace, name, folder], {}, 60)
        if done.returncode != 0:
            raise AssertionError(f"no token for {namespace}/{name}: {done.stderr}")
        return folder

    def pid(self):
        with open(os.path.join(self.data, "run", "kube-apiserver.pid"), encoding="ascii") as file:
            return int(file.read())

    def start(self):
        """Again, on the same port and data, after the apiserver was killed."""
        done = _run([os.path.join(KIT, "kube", "kube-start.sh"), "--audit", self.env["KUBE_PORT"], self.data], {},
                    START_SECONDS)
        if done.returncode != 0:
            raise AssertionError(f"the kube-apiserver did not start:\n{done.stderr}")


def kubernetes(*options, private=None):
    """A kube-apiserver with an audit log; options are kube-start.sh's, such as "--nodes", "3"."""
    name = "-".join(filter(None, ["kube", "".join(options).replace("--", "-").strip("-"), private]))
    data = _data_dir(name)
    if ("kube", name) not in _started:
        built = _run([os.path.join(KIT, "kube", "kube-build.sh")], {}, FETCH_SECONDS)
        if built.returncode != 0:
            raise unittest.SkipTest(f"kube-apiserver cannot be had: {_reason(built)}")
    env = _read_env(data)
    port = env.get("KUBE_PORT", "0")
    done = _run([os.path.join(KIT, "kube", "kube-start.sh"), "--audit", *options, port, data], {}, START_SECONDS)
    if done.returncode != 0:
        raise AssertionError(f"the kube-apiserver did not start:\n{done.stderr}")
    _started[("kube", name)] = ("kube/kube-stop.sh", data)
    return Kubernetes(data, _read_env(data))


def _read_env(data):
    """kube-start.sh's env file: lines of `export NAME='VALUE'`."""
    values = {}
    try:
        with open(os.path.join(data, "env"), encoding="utf-8") as file:
            for line in file:
                name, _, value = line.removeprefix("export ").strip().partition("=")
                values[name] = value.strip("'")
    except FileNotFoundError:
        pass
    return values
