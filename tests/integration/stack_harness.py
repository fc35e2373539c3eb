# SPDX-License-Identifier: Apache-2.0
"""What the tests of packaging/ share: YAML, kubectl against the tests' apiserver, helm, Prometheus and Alertmanager.

Tools come from Debian packages or the service kit; one that is not to be had raises SkipTest and says why.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
import urllib.parse

import harness
import real_servers
import stand_ins

try:
    import yaml
except ImportError:  # Debian's python3-yaml, seen from another Python
    sys.path.append("/usr/lib/python3/dist-packages")
    import yaml

PACKAGING = os.path.join(harness.ROOT, "packaging")
CRDS = os.path.join(harness.ROOT, "tests", "integration", "manifests", "crds.yaml")
BUILD_SECONDS = 900


def read(*parts):
    with open(os.path.join(PACKAGING, *parts), encoding="utf-8") as file:
        return file.read()


def documents(text):
    """The objects of a YAML stream."""
    return [document for document in yaml.safe_load_all(text) if document]


def find(objects, kind, name=None):
    """The one object of that kind (and name)."""
    found = [o for o in objects if o["kind"] == kind and name in (None, o["metadata"]["name"])]
    if len(found) != 1:
        raise AssertionError(f"{len(found)} objects {kind} {name or ''}")
    return found[0]


def tool(name, package):
    """The path of a program; SkipTest when it is not installed."""
    path = shutil.which(name)
    if not path:
        raise unittest.SkipTest(f"{name} is not installed (Debian: {package})")
    return path


def _built(script, program):
    """The path of a program that a script of the service kit builds and prints the folder of."""
    built = subprocess.run([os.path.join(real_servers.KIT, script)], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                           timeout=BUILD_SECONDS, check=False)
    if built.returncode != 0:
        raise unittest.SkipTest(f"{program} cannot be had: {built.stderr.strip().splitlines()[-1]}")
    return os.path.join(built.stdout.strip(), program)


def helm():
    return _built("helm/helm-build.sh", "helm")


def dashboardcheck():
    return _built("grafana/dashboardcheck-build.sh", "dashboardcheck")


def cluster():
    """The shared kube-apiserver with two kwok nodes, and the custom resources that packaging/ refers to."""
    kube = harness.kubernetes("--nodes", "2")
    kube.kubectl("apply", "-f", CRDS)
    kube.kubectl("wait", "--for=condition=Established", "--timeout=30s", "-f", CRDS)
    return kube


def kustomize(kube, folder):
    """What `kubectl kustomize` makes of a folder of packaging/, as text."""
    return kube.kubectl("kustomize", os.path.join(PACKAGING, folder))


def apply(kube, text, *options):
    """Strict server-side validation, then apply; returns kubectl's lines."""
    return kube.kubectl("apply", "--validate=strict", *options, "-f", "-", stdin=text).splitlines()


def apply_with_dry_run(kube, text):
    """Namespaces first (a dry run wants them to be there), then the dry run on the server, then the objects."""
    namespaces = [o for o in documents(text) if o["kind"] == "Namespace"]
    if namespaces:
        apply(kube, yaml.safe_dump_all(namespaces))
    apply(kube, text, "--dry-run=server")
    return apply(kube, text)


def get(kube, *args):
    """`kubectl get ARGS -o json`, decoded."""
    return json.loads(kube.kubectl("get", *args, "-o", "json"))


elasticsearch6 = real_servers.elasticsearch6


def without_discovery(config):
    """A prometheus.yml as Debian's Prometheus, which is built without Kubernetes' service discovery, can read it."""
    for item in config["scrape_configs"] + config.get("alerting", {}).get("alertmanagers", []):
        for discovery in item.pop("kubernetes_sd_configs", []):
            if discovery["role"] not in ("node", "pod", "service", "endpoints", "endpointslice", "ingress"):
                raise AssertionError(f"no such role: {discovery}")
            if set(discovery) - {"role", "namespaces"} or set(discovery.get("namespaces", {})) - {"names", "own_namespace"}:
                raise AssertionError(f"unknown key: {discovery}")
            item.setdefault("static_configs", [{"targets": ["discovered.invalid:1"]}])
    return config


class Monitoring:
    """The Echo stack's Prometheus and Alertmanager with its own rules and routes, scraping stand-in exporters.

    Changed are: where targets and receivers are, how often things happen, and `for:`, so that nobody waits for minutes."""

    LABELS = {"echo-app": {"service": "echo-api", "namespace": "echo-prod", "pod": "echo-api-7d8f9b6c5d-xyz", "node": "node-1"},
              "certificates": {"instance": "https://echo.example.com"}}

    def __init__(self, echo):
        self.echo = echo
        self.folder = tempfile.mkdtemp(prefix="tailrace-monitoring-")
        self.programs = {name: tool(name, name) for name in ("prometheus", "prometheus-alertmanager")}
        self.processes, self.servers = [], []
        self.exporter, self.receiver, self.mails = (self._server(kind) for kind in (
            stand_ins.Exporter, stand_ins.Receiver, stand_ins.MailSink))
        self.prometheus_url = f"http://127.0.0.1:{harness.free_port()}"
        self.alertmanager_url = f"http://127.0.0.1:{harness.free_port()}"

    def _server(self, kind):
        self.servers.append(kind())
        return self.servers[-1]

    def start(self):
        self._start("prometheus-alertmanager", "--config.file=" + self._write("alertmanager.yml", self._alertmanager()),
                    "--storage.path=" + os.path.join(self.folder, "am"), "--cluster.listen-address=",
                    "--web.listen-address=" + self.alertmanager_url.removeprefix("http://"))
        self._start("prometheus", "--config.file=" + self._write("prometheus.yml", self._prometheus()),
                    "--storage.tsdb.path=" + os.path.join(self.folder, "tsdb"), "--web.enable-admin-api",
                    "--rules.alert.resend-delay=1s",
                    "--web.listen-address=" + self.prometheus_url.removeprefix("http://"))
        harness.wait_until(self._scraped, "every job scraped twice and every rule evaluated", 60)

    def stop(self):
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            process.wait(timeout=20)
        for server in self.servers:
            server.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def query(self, path, **parameters):
        """The `data` of Prometheus' answer."""
        return harness.http_json("GET", f"{self.prometheus_url}{path}?{urllib.parse.urlencode(parameters)}")["data"]

    def _scraped(self):
        try:
            samples = self.query("/api/v1/query", query="min(count_over_time(up[5m]))")["result"]
            groups = self.query("/api/v1/rules")["groups"]
        except (OSError, AssertionError):  # it answers 503 until it is ready
            return False
        recorded = self.query("/api/v1/query", query="service:http_request_duration_seconds:p95_5m")["result"]
        return samples and int(samples[0]["value"][1]) >= 3 and groups and recorded and all(
            rule["health"] == "ok" for group in groups for rule in group["rules"])

    def _start(self, program, *args):
        log = open(os.path.join(self.folder, program + ".log"), "wb")  # closed with the process
        with log:
            self.processes.append(subprocess.Popen([self.programs[program], *args], stdin=subprocess.DEVNULL, stdout=log,
                                                   stderr=log, preexec_fn=harness._die_with_parent))

    def _write(self, name, content):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(content if isinstance(content, str) else yaml.safe_dump(content))
        return path

    def _prometheus(self):
        config = yaml.safe_load(read("echo", "prometheus", "prometheus.yml"))
        config["global"].update(scrape_interval="1s", scrape_timeout="1s", evaluation_interval="1s")
        config["alerting"] = {"alertmanagers": [{"static_configs": [{"targets": [self.alertmanager_url.removeprefix("http://")]}]}]}
        jobs = []
        for job in config["scrape_configs"]:
            name = job["job_name"]
            if not os.path.exists(os.path.join(stand_ins.EXPORTERS, name + ".prom")):
                continue
            jobs.append({"job_name": name, "metrics_path": "/" + name, "honor_labels": job.get("honor_labels", False),
                         "static_configs": [{"targets": [f"127.0.0.1:{self.exporter.port}"],
                                             "labels": self.LABELS.get(name, {"node": "node-1"})}]})
        config["scrape_configs"] = jobs
        config["rule_files"] = []
        rules = os.path.join(self.echo, "prometheus", "rules")
        for name in sorted(os.listdir(rules)):
            with open(os.path.join(rules, name), encoding="utf-8") as file:
                config["rule_files"].append(self._write(name, re.sub(r"( +for: ).*", r"\g<1>1s", file.read())))
        return config

    def _alertmanager(self):
        config = yaml.safe_load(read("echo", "alertmanager", "alertmanager.yml"))
        here = f"http://127.0.0.1:{self.receiver.port}"
        config["global"].update(slack_api_url_file=self._write("slack", here + "/slack"), pagerduty_url=here + "/pagerduty",
                                smtp_smarthost=f"127.0.0.1:{self.mails.port}", smtp_require_tls=False,
                                smtp_auth_password_file=self._write("smtp", "not a secret"))
        config["templates"] = [os.path.join(self.echo, "alertmanager", "templates", "*.tmpl")]
        for route in [config["route"], *config["route"]["routes"]]:
            route.update(group_wait="0s", group_interval="1s")
        for receiver in config["receivers"]:
            for item in receiver.get("pagerduty_configs", []):
                item["routing_key_file"] = self._write("pagerduty", "k" * 32)
            for item in receiver.get("webhook_configs", []):
                item["url"] = here + "/webhook"
        return config
