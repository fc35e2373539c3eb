#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Following pods of a real kube-apiserver: what the unit tests play through with a scripted one.

kubernetes_follow (tests/kubernetes/follow.cpp) prints a line for every state of the pods that workers
would see; the cluster is changed, denied, killed and filled around it.
"""

import json
import os
import signal
import subprocess
import threading
import time

import harness
import node_harness
from harness import BIN, Case, main, wait_until

FOLLOW = os.path.join(os.path.dirname(BIN), "tests", "kubernetes_follow")
MANY_PODS = 5000

READER = """
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: tailrace-reader}
rules:
- {apiGroups: [""], resources: [pods, namespaces], verbs: [get, list, watch]}
"""


class Follower:
    """A running kubernetes_follow: its newest state and its log."""

    def __init__(self, *args):
        self.process = subprocess.Popen([FOLLOW, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.states, self.log, self.threads = [], [], []
        for stream, into in ((self.process.stdout, self.states), (self.process.stderr, self.log)):
            self.threads.append(threading.Thread(target=self._read, args=(stream, into), daemon=True))
            self.threads[-1].start()

    @staticmethod
    def _read(stream, into):
        for line in stream:
            into.append(line)

    def state(self):
        # The agent's own log may share standard output; states are the lines that are JSON.
        for line in reversed(self.states):
            if line.startswith("{"):
                return json.loads(line)
        return {"complete": False, "pods": 0, "found": {}}

    def text(self):
        return "".join(self.log) + "".join(s for s in self.states if not s.startswith("{"))

    def stop(self):
        self.process.kill()
        self.process.wait()
        for thread in self.threads:
            thread.join()
        self.process.stdout.close()
        self.process.stderr.close()


def pod(name, node="fake-node-0", app="web"):
    return json.dumps({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": {"app": app}},
                       "spec": {"nodeName": node, "containers": [{"name": "main", "image": "example.test/app:1"}]}})


class KubernetesTest(Case):
    def setUp(self):
        super().setUp()
        if not os.path.exists(FOLLOW):
            self.fail(f"{FOLLOW} is not there: ./dev build")
        self.kube = harness.kubernetes("--nodes", "2")
        self.namespace = self.unique("follow")
        self.kube.kubectl("create", "namespace", self.namespace)
        self.addCleanup(self.kube.kubectl, "delete", "namespace", self.namespace, "--wait=false")

    def follow(self, *args):
        follower = Follower(*args)
        self.addCleanup(follower.stop)
        self.addCleanup(lambda: self._has_failed() and print(follower.text(), follower.state()))
        return follower

    def create_pod(self, name, **options):
        self.kube.kubectl("create", "-n", self.namespace, "-f", "-", stdin=pod(name, **options))

    def found(self, follower, name):
        return follower.state()["found"].get(f"{self.namespace}/{name}")

    def account(self, name, allowed=True):
        """A ServiceAccount with or without the right to read pods; returns the folder with its files."""
        self.kube.kubectl("create", "serviceaccount", "-n", self.namespace, name)
        if allowed:
            self.allow(name)
        return self.kube.service_account(self.namespace, name, self.path(name, "."))

    def allow(self, name):
        self.kube.kubectl("apply", "-f", "-", stdin=READER)
        self.kube.kubectl("create", "clusterrolebinding", f"{self.namespace}-{name}", "--clusterrole=tailrace-reader",
                          f"--serviceaccount={self.namespace}:{name}")
        self.addCleanup(self.kube.kubectl, "delete", "clusterrolebinding", f"{self.namespace}-{name}", "--ignore-not-found")

    def token_args(self, folder):
        return f"url={self.kube.url}", f"ca={self.kube.ca}", f"token={os.path.join(folder, 'token')}"

    def requests(self, user, since):
        """Audit lines of that ServiceAccount, from a point in time on."""
        lines = []
        with open(os.path.join(self.kube.data, "audit.log"), encoding="utf-8") as file:
            for line in file:
                event = json.loads(line)
                if event["user"]["username"].endswith(f":{self.namespace}:{user}") and event["requestReceivedTimestamp"] >= since:
                    lines.append(event)
        return lines

    def test_pods_come_change_and_go(self):
        self.create_pod("first")
        self.create_pod("elsewhere", node="fake-node-1")
        names = [f"find={self.namespace}/{name}" for name in ("first", "second", "elsewhere")]
        follower = self.follow(f"kubeconfig={self.kube.kubeconfig}", "node=fake-node-0", *names)
        wait_until(lambda: self.found(follower, "first") and self.found(follower, "first")["ip"], "the first pod's address")
        self.assertTrue(self.found(follower, "first")["namespace_uid"])
        self.create_pod("second")
        wait_until(lambda: self.found(follower, "second"), "a pod made later")
        self.kube.kubectl("label", "pod", "-n", self.namespace, "second", "app=changed", "--overwrite")
        wait_until(lambda: self.found(follower, "second")["app"] == "changed", "a changed label")
        self.assertIsNone(self.found(follower, "elsewhere"), "another node's pod")
        uid = self.found(follower, "first")["uid"]
        self.kube.kubectl("delete", "pod", "-n", self.namespace, "first", "--wait=true")
        time.sleep(1)
        self.assertEqual(uid, self.found(follower, "first")["uid"], "kept while its files are read")
        self.create_pod("first")
        wait_until(lambda: self.found(follower, "first")["uid"] != uid, "the pod of the same name after it")

    def test_without_the_right_to_read_pods(self):
        folder = self.account("denied", allowed=False)
        follower = self.follow(*self.token_args(folder), "node=fake-node-0")
        wait_until(lambda: "answered 403" in follower.text(), "403 in the log")
        self.assertIn("list and watch", follower.text())
        time.sleep(3)
        said = follower.text().count("answered 403")
        self.assertLessEqual(said, 2, "said once for pods and once for namespaces")
        self.assertIsNone(follower.process.poll(), "goes on")
        self.allow("denied")
        wait_until(lambda: follower.state()["complete"], "the list once it is allowed", 60)
        with open(os.path.join(folder, "token"), encoding="ascii") as file:
            self.assertNotIn(file.read(), follower.text())

    def test_token_is_renewed(self):
        folder = self.account("renewed")
        with open(os.path.join(folder, "token"), encoding="ascii") as file:
            good = file.read()
        self.write("renewed/token", "eyJhbGciOiJub25lIn0.e30.")
        follower = self.follow(*self.token_args(folder), "node=fake-node-0", f"find={self.namespace}/p")
        wait_until(lambda: "answered 401" in follower.text(), "401 in the log")
        self.write("renewed/token", good)
        wait_until(lambda: follower.state()["complete"], "the list with the renewed token", 60)
        self.create_pod("p")
        wait_until(lambda: self.found(follower, "p"), "a pod seen with the renewed token")
        self.assertNotIn(good, follower.text())

    def test_apiserver_is_killed(self):
        folder = self.account("survivor")
        since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        names = [f"find={self.namespace}/{name}" for name in ("before", "after")]
        self.create_pod("before")
        follower = self.follow(*self.token_args(folder), "node=fake-node-0", *names)
        wait_until(lambda: self.found(follower, "before"), "the pod before")
        os.kill(self.kube.pid(), signal.SIGKILL)
        wait_until(lambda: "cannot follow" in follower.text(), "the loss in the log")
        self.assertTrue(self.found(follower, "before"), "known metadata stays in use")
        self.kube.start()
        self.create_pod("after")
        wait_until(lambda: self.found(follower, "after"), "a pod made after the restart", 90)
        self.assertIsNone(follower.process.poll())
        watches = [e for e in self.requests("survivor", since) if e["verb"] == "watch" and e["objectRef"]["resource"] == "pods"]
        # The audit log has a watch when it has ended: the one that went on from before the kill, and got a 410.
        self.assertGreaterEqual(len(watches), 1)
        for event in watches:
            self.assertIn("allowWatchBookmarks=true", event["requestURI"])
            self.assertIn("resourceVersion=", event["requestURI"])

    def test_many_pods_of_the_whole_cluster(self):
        folder = self.account("many")
        since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        filled = subprocess.run([os.path.join(harness.ROOT, "tests", "services", "kube", "kube-pods.sh"), self.kube.data,
                                 self.namespace, str(MANY_PODS)], capture_output=True, text=True, timeout=600, check=False)
        self.assertEqual(0, filled.returncode, filled.stderr)
        last = f"pod-{MANY_PODS - 1}"
        begin = time.monotonic()
        follower = self.follow(*self.token_args(folder), f"find={self.namespace}/{last}", f"find={self.namespace}/late")
        wait_until(lambda: follower.state()["complete"], "the whole list", 60)
        took = time.monotonic() - begin
        state = follower.state()
        self.assertGreaterEqual(state["pods"], MANY_PODS)
        self.assertEqual(f"app-{(MANY_PODS - 1) % 50}", self.found(follower, last)["app"])
        print(f"{state['pods']} pods listed in {took:.1f} s, {state['rss_kb']} kB resident")
        self.assertLess(state["rss_kb"], 60 * 1024)
        lists = [e for e in self.requests("many", since) if e["verb"] == "list" and e["objectRef"]["resource"] == "pods"]
        pages = {e["requestURI"] for e in lists}
        self.assertGreaterEqual(len(pages), MANY_PODS // 500, "read page by page")
        self.create_pod("late")
        wait_until(lambda: self.found(follower, "late"), "a pod made later")

    def write_log(self, pod_name, lines):
        """Appends CRI lines to the log of that pod's container `main`."""
        name = f"{pod_name}_{self.namespace}_main-{'0' * 63}{len(pod_name) % 10}.log"
        text = "".join(f"2026-03-04T05:06:07.{i:09d}Z stdout F {line}\n" for i, line in enumerate(lines))
        self.write(f"node/var/log/containers/{name}", text, "ab")

    def test_agent_enriches_from_the_first_line(self):
        """tail -> kubernetes_metadata -> bulk endpoint: a pod that is known, one that comes late, one that never comes."""
        folder = self.account("agent")
        bulk = self.fake_bulk()
        self.create_pod("known")
        for name in ("known", "late", "never"):
            self.write_log(name, [f"{name} {i}" for i in range(3)])
        begin = time.monotonic()
        agent = self.agent(node_harness.pipeline(self.dir, bulk.url, filters=f"""
<filter kubernetes.**>
  @type kubernetes_metadata
  kubernetes_url {self.kube.url}
  ca_file {self.kube.ca}
  bearer_token_file {os.path.join(folder, 'token')}
  node_name fake-node-0
  wait_timeout 10s
</filter>
"""))
        wait_until(lambda: bulk.count() >= 3, "the known pod's lines")
        self.assertLess(time.monotonic() - begin, 8, "one pod's file does not hold up the others")
        self.assertEqual(3, bulk.count(), "unknown pods' files wait")
        self.create_pod("late")
        wait_until(lambda: bulk.count() >= 6, "the late pod's lines")
        wait_until(lambda: bulk.count() >= 9, "the lines of the pod that never comes, after a bounded wait")
        by_pod = {}
        for document in bulk.docs():
            by_pod.setdefault(document["kubernetes"]["pod_name"], []).append(document["kubernetes"])
        for name in ("known", "late"):
            self.assertEqual(3, len(by_pod[name]))
            uid = self.kube.kubectl("get", "pod", "-n", self.namespace, name, "-o", "jsonpath={.metadata.uid}")
            for kubernetes in by_pod[name]:
                self.assertEqual(uid, kubernetes["pod_id"])
                self.assertEqual({"app": "web"}, kubernetes["labels"])
                self.assertEqual("fake-node-0", kubernetes["host"])
        self.assertEqual(3, len(by_pod["never"]))
        self.assertNotIn("labels", by_pod["never"][0])
        self.assertTrue(by_pod["never"][0]["namespace_id"], "its namespace is known")
        self.assertEqual(0, agent.stop())


if __name__ == "__main__":
    main()
