#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Builds a folder shaped like a Kubernetes node from the captured logs, and keeps it busy.

usage: make_node.py build FOLDER [--echo-lines N] [--seed N]
       make_node.py write FOLDER [--containers N] [--rate LINES_PER_SECOND] [--seconds S | --lines N]
                                 [--rotate-bytes N] [--rotation rename|copytruncate|both|none] [--stats FILE]

build makes, under FOLDER:
    var/log/pods/NAMESPACE_POD_UID/CONTAINER/0.log    CRI files; for docker containers a link to
    var/lib/docker/containers/ID/ID-json.log          docker's json-file
    var/log/containers/POD_NAMESPACE_CONTAINER-ID.log links to the pod's file, as the kubelet makes them
    var/log/auth.log, var/log/audit/audit.log, var/log/kubernetes/audit/audit.log
    pods.json                                         the node's pods, a PodList as the API server sends it
    expected.json                                     container lines and bytes by path, as written
write appends to pods of the namespace load (they are in pods.json too), one line of JSON with a sequence number at a
time, and rotates the files. It ends by printing, and writing to --stats, the lines written by container.
"""

import argparse
import hashlib
import json
import os
import sys

import echo_lines
import log_writer
import wrap

HERE = os.path.dirname(os.path.abspath(__file__))
NODE = "node-1"
LOAD_CONTAINERS_MAX = 20


def digest(*words):
    return hashlib.sha256("/".join(words).encode()).hexdigest()


def uid_of(*words):
    text = digest("uid", *words)
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-8{text[17:20]}-{text[20:32]}"


class Pod:
    """One pod of the node, with a single container."""

    def __init__(self, namespace, name, container, runtime="cri", owner=("ReplicaSet", None), labels=None,
                 annotations=None, source=None, image=None):
        self.namespace, self.name, self.container, self.runtime = namespace, name, container, runtime
        self.owner, self.labels, self.annotations = owner, dict(labels or {}), dict(annotations or {})
        self.source = source  # a folder of logs/, or None when the lines are made
        self.image = image or f"registry.example.test/{container}:1.4.2"
        self.uid = uid_of(namespace, name)
        self.container_id = digest("container", namespace, name, container)
        # The kubelet names a static pod's folder by the hash of its manifest; the mirror pod in the API has a UID of its own.
        self.folder_uid = self.uid
        if owner[0] == "Node":
            self.folder_uid = digest("manifest", name)[:32]
            self.annotations.update({"kubernetes.io/config.hash": self.folder_uid, "kubernetes.io/config.mirror": self.folder_uid,
                                     "kubernetes.io/config.source": "file"})

    def log_path(self, root):
        return os.path.join(root, "var/log/pods", f"{self.namespace}_{self.name}_{self.folder_uid}", self.container, "0.log")

    def docker_path(self, root):
        return os.path.join(root, "var/lib/docker/containers", self.container_id, self.container_id + "-json.log")

    def link_path(self, root):
        return os.path.join(root, "var/log/containers",
                            f"{self.name}_{self.namespace}_{self.container}-{self.container_id}.log")

    def place(self, root):
        """Makes the folders and links; returns the path of the file that the runtime writes."""
        path = self.log_path(root)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        os.makedirs(os.path.dirname(self.link_path(root)), exist_ok=True)
        if not os.path.lexists(self.link_path(root)):
            os.symlink(path, self.link_path(root))
        if self.runtime == "cri":
            return path
        real = self.docker_path(root)
        os.makedirs(os.path.dirname(real), exist_ok=True)
        if not os.path.lexists(path):
            os.symlink(real, path)
        return real

    def api_object(self):
        """The pod as `GET /api/v1/pods` lists it."""
        kind, owner_name = self.owner
        owner_name = owner_name or self.name.rsplit("-", 1)[0]
        version = "v1" if kind == "Node" else "apps/v1"
        scheme = "docker" if self.runtime == "docker" else "containerd"
        started = "2024-01-15T10:00:00Z"
        return {
            "metadata": {
                "name": self.name, "generateName": self.name.rsplit("-", 1)[0] + "-", "namespace": self.namespace,
                "uid": self.uid, "resourceVersion": str(1000 + int(self.uid[:4], 16)), "creationTimestamp": started,
                "labels": self.labels, "annotations": self.annotations,
                "ownerReferences": [{"apiVersion": version, "kind": kind, "name": owner_name,
                                     "uid": uid_of(self.namespace, owner_name), "controller": True,
                                     "blockOwnerDeletion": kind != "Node"}],
            },
            "spec": {"nodeName": NODE, "serviceAccountName": "default", "restartPolicy": "Always",
                     "containers": [{"name": self.container, "image": self.image, "resources": {}}]},
            "status": {
                "phase": "Running", "hostIP": "10.0.0.10", "podIP": f"10.244.1.{int(self.uid[:2], 16)}", "startTime": started,
                "qosClass": "BestEffort",
                "containerStatuses": [{
                    "name": self.container, "ready": True, "started": True, "restartCount": 0, "lastState": {},
                    "state": {"running": {"startedAt": started}}, "image": self.image,
                    "imageID": f"{self.image.rsplit(':', 1)[0]}@sha256:{digest('image', self.image)}",
                    "containerID": f"{scheme}://{self.container_id}"}],
            },
        }


def app(name, component):
    return {"app": name, "app.kubernetes.io/name": name, "app.kubernetes.io/component": component,
            "pod-template-hash": digest("rs", name)[:10]}


def deployed(namespace, name, component, **options):
    """A pod of a Deployment: its name ends in the ReplicaSet's hash and five letters."""
    labels = app(name, component)
    annotations = {"echo.io/team": component, "prometheus.io/scrape": "true"}
    return Pod(namespace, f"{name}-{labels['pod-template-hash']}-{digest('pod', name)[:5]}", name, labels=labels,
               annotations=annotations, **options)


def stateful(namespace, name, component, **options):
    return Pod(namespace, name + "-0", name, owner=("StatefulSet", name), labels=app(name, component) | {
        "statefulset.kubernetes.io/pod-name": name + "-0"}, **options)


def static(name):
    return Pod("kube-system", f"{name}-{NODE}", name, owner=("Node", NODE), source=name,
               labels={"component": name, "tier": "control-plane"}, image=f"registry.k8s.io/{name}:v1.36.3")


def load_pods():
    return [Pod("load", f"load-{number}", "load", owner=("StatefulSet", "load"), labels=app("load", "test"),
                runtime="docker" if number % 4 == 3 else "cri") for number in range(LOAD_CONTAINERS_MAX)]


def node_pods():
    """The pods with logs. Which runtime wrote a file is mixed on purpose: both formats on one node."""
    return [
        deployed("echo-prod", "echo-api", "backend"),
        deployed("echo-prod", "echo-signaling", "realtime", runtime="docker"),
        deployed("echo-prod", "echo-media", "realtime"),
        deployed("echo-prod", "billing", "backend", source="python"),
        deployed("echo-staging", "signaling-legacy", "realtime", source="go", runtime="docker"),
        stateful("echo-data", "postgresql", "database", source="postgresql"),
        stateful("echo-data", "redis", "cache", source="redis", runtime="docker"),
        stateful("echo-data", "kafka", "queue", source="kafka", runtime="docker"),
        stateful("logging", "elasticsearch", "search", source="elasticsearch"),
        deployed("echo-prod", "nginx", "frontend", source="nginx"),
        deployed("ingress-nginx", "ingress-nginx-controller", "ingress", source="ingress-nginx"),
        *[static(name) for name in ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler")],
        deployed("kube-system", "kwok", "simulation", source="kwok"),
    ]


def captured(source):
    """A captured service's lines; where stdout and stderr were captured apart, merged by time as a runtime would."""
    folder = os.path.join(HERE, "logs", source)
    names = sorted(n for n in os.listdir(folder) if n.endswith(".log"))
    entries = []
    for name in names:
        with open(os.path.join(folder, name), "rb") as file:
            entries += file.read().splitlines(keepends=True)
    return entries if len(names) == 1 else sorted(entries, key=lambda line: line.split(b" ", 1)[0])


def pod_list():
    return {"kind": "PodList", "apiVersion": "v1", "metadata": {"resourceVersion": "4711"},
            "items": [pod.api_object() for pod in node_pods() + load_pods()]}


def build(root, echo_line_count=1000, seed=1):
    """Makes the folder; returns {path of a container's link: {"lines": container lines, "bytes": file bytes}}."""
    expected = {}
    for pod in node_pods():
        path = pod.place(root)
        lines = 0
        with open(path, "wb") as file:
            if pod.source:
                for entry in captured(pod.source):
                    file.write(entry)
                    whole = b" P " not in entry[:50] if pod.runtime == "cri" else b'\\n","stream"' in entry
                    lines += whole
            else:
                for nanoseconds, stream, line in echo_lines.lines(pod.container, echo_line_count, seed):
                    file.write(wrap.WRAPPERS[pod.runtime](line, stream, nanoseconds))
                    lines += 1
        expected[pod.link_path(root)] = {"lines": lines, "bytes": os.path.getsize(path)}
    copies = {"auth/auth.log": "var/log/auth.log", "auditd/audit.log": "var/log/audit/audit.log",
              "kube-audit/audit.log": "var/log/kubernetes/audit/audit.log"}
    for source, target in copies.items():
        path = os.path.join(root, target)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(os.path.join(HERE, "logs", source), "rb") as file:
            data = file.read()
        with open(path, "wb") as file:
            file.write(data)
        expected[path] = {"lines": data.count(b"\n"), "bytes": len(data)}
    for name, content in (("pods.json", pod_list()), ("expected.json", expected)):
        with open(os.path.join(root, name), "w", encoding="utf-8") as file:
            json.dump(content, file, indent=1)
    return expected


MIXTURES = {"both": ("rename", "copytruncate"), "all": ("rename", "numbered", "copytruncate")}


def load_logs(root, containers, rotation, rotate_bytes, files_max=0, seed=None):
    """ContainerLogs of the first `containers` pods of the namespace load, placed into the node folder."""
    logs = []
    for number, pod in enumerate(load_pods()[:containers]):
        ways = MIXTURES.get(rotation, (rotation,))
        logs.append(log_writer.ContainerLog(pod.place(root), pod.name, ways[number % len(ways)], rotate_bytes, pod.runtime, files_max,
                                            seed=None if seed is None else seed * 1000 + number))
    return logs


def parse_arguments(argv):
    parser = argparse.ArgumentParser(usage=__doc__.split("\n\n")[1])
    parser.add_argument("mode", choices=("build", "write"))
    parser.add_argument("folder")
    parser.add_argument("--echo-lines", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--containers", type=int, default=4, choices=range(1, LOAD_CONTAINERS_MAX + 1), metavar="N")
    parser.add_argument("--rate", type=int, default=1000)
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--lines", type=int)
    parser.add_argument("--rotate-bytes", type=int, default=1 << 20)
    parser.add_argument("--rotation", choices=("rename", "numbered", "copytruncate", "both", "all", "none"), default="rename")
    parser.add_argument("--stats")
    return parser.parse_args(argv)


def main(argv):
    arguments = parse_arguments(argv)
    root = os.path.abspath(arguments.folder)
    if arguments.mode == "build":
        expected = build(root, arguments.echo_lines, arguments.seed)
        print(f"{len(expected)} files, {sum(e['lines'] for e in expected.values())} lines, "
              f"{sum(e['bytes'] for e in expected.values())} bytes under {root}")
        return 0
    if arguments.seconds is None and arguments.lines is None:
        arguments.seconds = 10
    logs = load_logs(root, arguments.containers, arguments.rotation, arguments.rotate_bytes)
    log_writer.run(logs, arguments.rate, arguments.seconds, arguments.lines)
    stats = {log.name: {"lines": log.written, "rotations": log.rotations} for log in logs}
    for log in logs:
        log.close()
    if arguments.stats:
        with open(arguments.stats, "w", encoding="utf-8") as file:
            json.dump(stats, file)
    print(json.dumps(stats))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
