#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The main job with real servers: container files, metadata from a real kube-apiserver, into a real Elasticsearch or OpenSearch.

Every document is fetched back and compared with the line that it came from and with the pod that the API knows.
"""

import collections
import json
import os
import ssl
import time

import harness
from harness import http_json
from node_harness import Load, NodeCase, make_node, pipeline

NODE = "fake-node-0"
ECHO_LINES = 300
LOAD_LINES = 6000

RBAC = """
{apiVersion: v1, kind: ServiceAccount, metadata: {name: tailrace, namespace: logging}}
---
{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: tailrace},
 rules: [{apiGroups: [""], resources: [pods, namespaces], verbs: [get, list, watch]}]}
---
{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRoleBinding, metadata: {name: tailrace},
 roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: tailrace},
 subjects: [{kind: ServiceAccount, name: tailrace, namespace: logging}]}
"""

# What is compared is kept as it came and not searched: no mapping can refuse it.
TEMPLATE = {"template": {"settings": {"number_of_shards": 1, "number_of_replicas": 0},
                         "mappings": {"dynamic": False, "properties": {"message": {"type": "text"}}}}}


class Cluster:
    """The apiserver with the node's pods; gives each make_node.Pod the UID and container id that the API has for it."""

    def __init__(self, token_folder):
        self.kube = harness.kubernetes("--nodes", "1")
        self.pods = make_node.node_pods() + make_node.load_pods()
        for namespace in sorted({pod.namespace for pod in self.pods} | {"logging"}):
            if not self.kube.kubectl("get", "ns", namespace, "--ignore-not-found"):
                self.kube.kubectl("create", "ns", namespace)
        self.kube.kubectl("apply", "-f", "-", stdin=RBAC)
        self.token = self.kube.service_account("logging", "tailrace", token_folder)
        self.kube.kubectl("apply", "--server-side", "-f", "-", stdin=json.dumps(
            {"apiVersion": "v1", "kind": "List", "items": [self._manifest(pod) for pod in self.pods]}))
        harness.wait_until(self._learn, "all pods run", 60)

    def _manifest(self, pod):
        # Mirror pods are the kubelet's alone to make, so a static pod's annotations are left out.
        annotations = {} if pod.owner[0] == "Node" else pod.annotations
        return {"apiVersion": "v1", "kind": "Pod",
                "metadata": {"name": pod.name, "namespace": pod.namespace, "labels": pod.labels, "annotations": annotations},
                "spec": {"nodeName": NODE, "containers": [{"name": pod.container, "image": pod.image}]}}

    def _learn(self):
        """Takes UIDs and container ids over from the API; true when every pod has them."""
        context = ssl.create_default_context(cafile=self.kube.ca)
        with open(os.path.join(self.token, "token"), encoding="ascii") as file:
            bearer = {"Authorization": "Bearer " + file.read()}
        listed = http_json("GET", f"{self.kube.url}/api/v1/pods?fieldSelector=spec.nodeName%3D{NODE}", headers=bearer, context=context)
        known = {(item["metadata"]["namespace"], item["metadata"]["name"]): item for item in listed["items"]}
        for pod in self.pods:
            item = known.get((pod.namespace, pod.name), {})
            statuses = item.get("status", {}).get("containerStatuses", [])
            if not statuses or not statuses[0].get("containerID"):
                return False
            pod.uid = pod.folder_uid = item["metadata"]["uid"]
            pod.container_id = statuses[0]["containerID"].removeprefix("containerd://")
            pod.listed = item
        return True


def fetch_all(url, index):
    """Every document of the index, in pages."""
    http_json("POST", f"{url}/{index}/_refresh")
    page = http_json("POST", f"{url}/{index}/_search?scroll=1m", {"size": 5000, "sort": ["_doc"]})
    documents = []
    while page["hits"]["hits"]:
        documents += [hit["_source"] for hit in page["hits"]["hits"]]
        page = http_json("POST", f"{url}/_search/scroll", {"scroll": "1m", "scroll_id": page["_scroll_id"]})
    return documents


def container_lines(path, runtime):
    """What a container wrote, whole lines, read with nothing but the format's definition."""
    parts, lines = collections.defaultdict(bytes), []
    with open(path, "rb") as file:
        for entry in file:
            if runtime == "docker":
                fields = json.loads(entry)
                stream, text = fields["stream"], fields["log"].encode()
                whole, text = text.endswith(b"\n"), text.removesuffix(b"\n")
            else:
                _, stream, tag, text = entry.rstrip(b"\n").split(b" ", 3)
                whole = tag == b"F"
            parts[stream] += text
            if whole:
                lines.append(parts.pop(stream).decode(errors="replace"))
    return lines


ADDED = ("stream", "docker", "kubernetes")  # by parser and filter, beside what the container said


def identity(record):
    """A record as comparable text, less what was added to it."""
    return json.dumps({key: value for key, value in record.items() if key not in ADDED}, sort_keys=True)


def record_of(line):
    """What @type container makes of a line: a JSON object becomes the record, anything else its message."""
    try:
        record = json.loads(line)
    except ValueError:
        record = None
    return record if isinstance(record, dict) else {"message": line}


class NodeToSearch(NodeCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = None

    def ship(self, server):
        """Ships the node's containers to the server; returns (its documents, the lines expected by pod)."""
        type(self).cluster = self.cluster or Cluster(self.path("token", "x").removesuffix("/x"))
        cluster = self.cluster
        original = make_node.node_pods, make_node.load_pods
        self.addCleanup(lambda: vars(make_node).update(node_pods=original[0], load_pods=original[1]))
        node_pods = [pod for pod in cluster.pods if pod.namespace != "load"]
        load_pods = [pod for pod in cluster.pods if pod.namespace == "load"]
        make_node.node_pods, make_node.load_pods = (lambda: node_pods), (lambda: load_pods)

        make_node.build(self.node, ECHO_LINES)
        expected = {(pod.namespace, pod.name): container_lines(os.path.realpath(pod.log_path(self.node)), pod.runtime)
                    for pod in node_pods}
        index = self.unique("node")
        http_json("PUT", f"{server.url}/_index_template/{index}", {"index_patterns": [index], **TEMPLATE})
        filters = f"""
            <filter kubernetes.**>
              @type kubernetes_metadata
              kubernetes_url {cluster.kube.url}
              ca_file {cluster.token}/ca.crt
              bearer_token_file {cluster.token}/token
            </filter>"""
        load = Load(self.node, 3, "rename", rotate_bytes=300_000)
        agent = self.agent(pipeline(self.dir, server.url, node=self.node, filters=filters, index=index, timeout=30), env={"K8S_NODE_NAME": NODE})
        load.start(lines_per_second=2000, lines=LOAD_LINES)
        load.wait()
        for log in load.logs:
            expected[("load", log.name)] = [log.line(seq) for seq in range(log.written)]
        total = sum(len(lines) for lines in expected.values())

        def count():
            http_json("POST", f"{server.url}/{index}/_refresh")
            return http_json("GET", f"{server.url}/{index}/_count")["count"]
        self.wait_until(lambda: harness.http("GET", f"{server.url}/{index}")[0] == 200, "the index is there", 60)
        end = time.monotonic() + 60  # what is missing then is said below, by container
        while count() < total and time.monotonic() < end and agent.running():
            time.sleep(0.2)
        self.assertEqual(0, agent.stop())
        return fetch_all(server.url, index), expected

    def compare(self, documents, expected):
        by_pod = collections.defaultdict(list)
        for document in documents:
            kubernetes = document["kubernetes"]
            by_pod[(kubernetes["namespace_name"], kubernetes["pod_name"])].append(document)
        counts = {key: len(lines) for key, lines in expected.items()}
        self.assertEqual(counts, {key: len(found) for key, found in by_pod.items()})
        for pod in self.cluster.pods:
            key = (pod.namespace, pod.name)
            if key not in expected:
                continue
            for document in by_pod[key]:
                self.check_metadata(pod, document)
            if pod.namespace != "load":  # its lines carry the time of writing: counted by sequence number
                wrote = collections.Counter(identity(record_of(line)) for line in expected[key])
                arrived = collections.Counter(identity(document) for document in by_pod[key])
                self.assertEqual([], [line[:500] for line in wrote - arrived], key)
                self.assertEqual([], [line[:500] for line in arrived - wrote], key)

    def check_metadata(self, pod, document):
        kubernetes, listed = document["kubernetes"], pod.listed
        self.assertEqual(pod.container, kubernetes["container_name"])
        self.assertEqual(pod.uid, kubernetes["pod_id"])
        self.assertEqual(NODE, kubernetes["host"])
        self.assertEqual(pod.labels, kubernetes["labels"])
        self.assertEqual(pod.image, kubernetes["container_image"])
        self.assertEqual(listed["status"]["podIP"], kubernetes["pod_ip"])
        self.assertEqual(pod.container_id, document["docker"]["container_id"])

    def test_every_line_with_its_pods_metadata(self):
        servers = [(harness.elasticsearch, version) for version in harness.elasticsearch_versions()]
        servers += [(harness.opensearch, version) for version in harness.opensearch_versions()]
        for start, version in servers:
            with self.subTest(server=start.__name__, version=version):
                self.node = self.path(f"node-{version}", "x").removesuffix("/x")
                self.dir, outer = self.path(f"run-{version}", "x").removesuffix("/x"), self.dir
                try:
                    documents, expected = self.ship(start(version))
                    self.compare(documents, expected)
                    print(f"{start.__name__} {version}: {len(documents)} documents of {len(expected)} containers")
                finally:
                    self.dir = outer


if __name__ == "__main__":
    harness.main()
