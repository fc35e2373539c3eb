#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""packaging/kubernetes and packaging/helm on a real kube-apiserver: validated strictly, applied, one pod a node, the
rights of the ServiceAccount's own token, and the packaged configuration run with that token."""

import json
import os
import shutil
import ssl
import subprocess

import harness
import stack_harness as stack
from harness import Case, http, main, wait_until

OVERLAYS = ("elasticsearch", "opensearch")
CHART = os.path.join(stack.PACKAGING, "helm", "tailrace")
HOSTS = "output.hosts={https://elasticsearch.logging.svc:9200}"
CRI_LINE = "2026-01-02T03:04:05.000000006Z stdout F a line of the packaged pipeline\n"


class Kustomize(Case):
    @classmethod
    def tearDownClass(cls):
        kube = stack.cluster()
        for overlay in OVERLAYS:
            kube.kubectl("delete", "-f", "-", "--ignore-not-found", "--wait",
                         stdin=stack.kustomize(kube, f"kubernetes/overlays/{overlay}"))

    def setUp(self):
        super().setUp()
        self.kube = stack.cluster()

    def test_overlays_are_applied_and_give_a_pod_to_each_node(self):
        for overlay in OVERLAYS:
            text = stack.kustomize(self.kube, f"kubernetes/overlays/{overlay}")
            stack.apply_with_dry_run(self.kube, text)
            again = stack.apply(self.kube, text)
            self.assertEqual([], [line for line in again if not line.endswith(" unchanged")], overlay)
            wanted = stack.find(stack.documents(text), "DaemonSet")["spec"]["template"]["spec"]

            def settled():
                daemons = stack.get(self.kube, "-n", "logging", "daemonset", "tailrace")
                status = daemons["status"]
                return (status.get("observedGeneration") == daemons["metadata"]["generation"] and
                        status.get("updatedNumberScheduled") == status.get("numberReady") == 2)
            wait_until(settled, f"{overlay}: a ready pod on each of two nodes", 60)
            pods = stack.get(self.kube, "-n", "logging", "pods", "-l", "app.kubernetes.io/name=tailrace")["items"]
            self.assertEqual({"fake-node-0", "fake-node-1"},
                             {p["spec"]["nodeName"] for p in pods if "deletionTimestamp" not in p["metadata"]})
            secrets = {v["secret"]["secretName"] for v in wanted["volumes"] if "secret" in v}
            self.assertEqual({f"tailrace-{overlay}"}, secrets)

    def test_service_monitor_and_docker_components(self):
        os.makedirs(self.path("overlay"), exist_ok=True)
        shutil.copytree(os.path.join(stack.PACKAGING, "kubernetes"), self.path("kubernetes"), dirs_exist_ok=True)
        self.write("kubernetes/overlays/mine/kustomization.yaml", """
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources: [../elasticsearch]
components: [../../components/servicemonitor, ../../components/docker]
""")
        text = self.kube.kubectl("kustomize", self.path("kubernetes/overlays/mine"))
        objects = stack.documents(text)
        self.assertEqual("metrics", stack.find(objects, "ServiceMonitor")["spec"]["endpoints"][0]["port"])
        mounts = stack.find(objects, "DaemonSet")["spec"]["template"]["spec"]["containers"][0]["volumeMounts"]
        self.assertIn({"name": "docker", "mountPath": "/var/lib/docker/containers", "readOnly": True}, mounts)
        stack.apply(self.kube, stack.yaml.safe_dump(stack.find(objects, "Namespace")))
        stack.apply(self.kube, text, "--dry-run=server")

    def test_a_namespace_that_forbids_host_paths_is_named_by_the_apiserver(self):
        namespace = self.unique("strict")
        self.kube.kubectl("create", "namespace", namespace)
        self.addCleanup(self.kube.kubectl, "delete", "namespace", namespace, "--wait=false")
        self.kube.kubectl("label", "namespace", namespace, "pod-security.kubernetes.io/enforce=baseline")
        objects = stack.documents(stack.kustomize(self.kube, "kubernetes/overlays/elasticsearch"))
        template = stack.find(objects, "DaemonSet")["spec"]["template"]
        spec = {**template["spec"], "serviceAccountName": "default"}
        spec.pop("priorityClassName")
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "agent", "namespace": namespace}, "spec": spec}
        with self.assertRaises(AssertionError) as refused:
            stack.apply(self.kube, json.dumps(pod), "--dry-run=server")
        self.assertIn("hostPath", str(refused.exception))
        self.assertIn("DAC_READ_SEARCH", str(refused.exception))

    def test_rights_of_the_service_account(self):
        stack.apply_with_dry_run(self.kube, stack.kustomize(self.kube, "kubernetes/overlays/elasticsearch"))
        folder = self.kube.service_account("logging", "tailrace", self.path("account", "."))
        with open(os.path.join(folder, "token"), encoding="ascii") as file:
            headers = {"Authorization": "Bearer " + file.read()}
        trust = ssl.create_default_context(cafile=self.kube.ca)

        def ask(method, path, body=None):
            return http(method, self.kube.url + path, body, headers=dict(headers), context=trust)[0]
        for path in ("/api/v1/pods", "/api/v1/pods?fieldSelector=spec.nodeName%3Dfake-node-0", "/api/v1/namespaces",
                     "/api/v1/namespaces/logging", "/api/v1/pods?watch=1&timeoutSeconds=1"):
            self.assertEqual(200, ask("GET", path), path)
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"},
               "spec": {"containers": [{"name": "x", "image": "x"}]}}
        for method, path, body in (
                ("GET", "/api/v1/secrets", None), ("GET", "/api/v1/nodes", None), ("GET", "/api/v1/configmaps", None),
                ("GET", "/apis/apps/v1/deployments", None), ("GET", "/api/v1/namespaces/logging/pods/x/log", None),
                ("POST", "/api/v1/namespaces/logging/pods", pod), ("DELETE", "/api/v1/namespaces/logging/pods/x", None),
                ("DELETE", "/api/v1/namespaces/logging", None), ("POST", "/api/v1/namespaces/logging/pods/x/exec", None)):
            self.assertEqual(403, ask(method, path, body), f"{method} {path}")

    def test_packaged_configuration_runs_with_the_packaged_rights(self):
        stack.apply_with_dry_run(self.kube, stack.kustomize(self.kube, "kubernetes/overlays/elasticsearch"))
        namespace = self.unique("shop")
        self.kube.kubectl("create", "namespace", namespace)
        self.addCleanup(self.kube.kubectl, "delete", "namespace", namespace, "--wait=false")
        self.kube.kubectl("create", "-n", namespace, "-f", "-", stdin=json.dumps(
            {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web", "labels": {"app": "shop"}},
             "spec": {"nodeName": "fake-node-0", "containers": [{"name": "main", "image": "example.test/web:1"}]}}))
        account = self.kube.service_account("logging", "tailrace", self.path("account", "."))
        self.write(f"root/var/log/containers/web_{namespace}_main-{'ab' * 32}.log", CRI_LINE)
        for name in ("base/conf/fluent.conf", "overlays/elasticsearch/output.conf"):
            shutil.copy(os.path.join(stack.PACKAGING, "kubernetes", name), self.dir)
        with open(self.path("fluent.conf"), encoding="utf-8") as file:
            conf = file.read()
        bulk = self.fake_bulk()
        host, port = self.kube.url.removeprefix("https://").split(":")
        port_of_metrics = harness.free_port()
        agent = self.agent(conf, name="fluent", env={
            "TAILRACE_LOG_ROOT": self.path("root"), "TAILRACE_STATE_DIR": self.dir, "TAILRACE_SECRET_DIR": account,
            "TAILRACE_METRICS_PORT": str(port_of_metrics), "KUBERNETES_SERVICE_HOST": host,
            "KUBERNETES_SERVICE_PORT": port, "K8S_NODE_NAME": "fake-node-0", "ELASTICSEARCH_HOSTS": bulk.url})
        self.wait_until(lambda: bulk.count() == 1, "the line in the bulk endpoint")
        document = bulk.docs()[0]
        self.assertEqual("a line of the packaged pipeline", document["message"])
        self.assertEqual("shop", document["kubernetes"]["labels"]["app"])
        self.assertEqual(0, agent.stop())


class Helm(Case):
    def setUp(self):
        super().setUp()
        self.binary = stack.helm()
        self.kube = stack.cluster()

    def helm(self, *args, ok=True):
        env = {**os.environ, "KUBECONFIG": self.kube.kubeconfig, "HELM_CACHE_HOME": self.path("helm/cache"),
               "HELM_CONFIG_HOME": self.path("helm/config"), "HELM_DATA_HOME": self.path("helm/data")}
        done = subprocess.run([self.binary, *args], capture_output=True, text=True, env=env, timeout=120, check=False)
        if ok and done.returncode != 0:
            raise AssertionError(f"helm {' '.join(args)}: {done.stdout}{done.stderr}")
        return done

    def test_chart_is_clean_and_refuses_wrong_values(self):
        self.helm("lint", "--strict", CHART, "--set", HOSTS)
        for wrong, said in (("output.hots={http://a}", "hots"), ("output.type=logstash", "output/type"),
                            ("output.hosts={elasticsearch:9200}", "does not match pattern"),
                            ("terminationGracePeriodSeconds=0", "minimum")):
            done = self.helm("template", CHART, "--set", HOSTS, "--set", wrong, ok=False)
            self.assertNotEqual(0, done.returncode, wrong)
            self.assertIn(said, done.stderr)
        done = self.helm("template", CHART, ok=False)
        self.assertIn("output.hosts: the servers", done.stderr)

    def test_install_upgrade_uninstall(self):
        release, namespace = "tailrace", self.unique("helm")
        self.kube.kubectl("create", "namespace", namespace)
        self.kube.kubectl("label", "namespace", namespace, "pod-security.kubernetes.io/enforce=privileged")
        self.addCleanup(self.kube.kubectl, "delete", "namespace", namespace, "--wait=false")
        names = ("--set", HOSTS, "--set", f"fullnameOverride={namespace}", "--set", "metrics.serviceMonitor.enabled=true",
                 "--set", "output.existingSecret=tailrace-elasticsearch", "--set", "dockerEngine=true", "-n", namespace)
        self.helm("install", release, CHART, *names, "--wait", "--timeout", "60s")
        before = stack.get(self.kube, "-n", namespace, "daemonset", namespace)
        self.assertEqual(2, before["status"]["numberReady"])
        self.helm("upgrade", release, CHART, *names, "--set-string", "config.extraFiles.more\\.conf=# more", "--wait")
        after = stack.get(self.kube, "-n", namespace, "daemonset", namespace)
        self.assertGreater(after["metadata"]["generation"], before["metadata"]["generation"], "rolled")
        self.helm("uninstall", release, "-n", namespace, "--wait")
        self.assertEqual([], stack.get(self.kube, "-n", namespace, "daemonset,service,configmap,networkpolicy", "-l",
                                       "app.kubernetes.io/name=tailrace")["items"])

    def test_chart_and_kustomize_agree(self):
        chart = stack.documents(self.helm("template", "tailrace", CHART, "-n", "logging", "--set", HOSTS, "--set",
                                          "output.existingSecret=tailrace-elasticsearch").stdout)
        overlay = stack.documents(stack.kustomize(self.kube, "kubernetes/overlays/elasticsearch"))
        self.assertEqual(stack.find(overlay, "ClusterRole")["rules"], stack.find(chart, "ClusterRole")["rules"])
        ours = stack.find(chart, "DaemonSet")["spec"]["template"]["spec"]
        theirs = stack.find(overlay, "DaemonSet")["spec"]["template"]["spec"]
        for name in ("securityContext", "tolerations", "nodeSelector", "terminationGracePeriodSeconds",
                     "automountServiceAccountToken"):
            self.assertEqual(theirs[name], ours[name], name)
        for name in ("securityContext", "resources", "livenessProbe", "readinessProbe", "startupProbe", "ports", "args", "image"):
            self.assertEqual(theirs["containers"][0][name], ours["containers"][0][name], name)

        def mounts(spec):
            return sorted((m["mountPath"], m.get("readOnly", False)) for m in spec["containers"][0]["volumeMounts"])
        self.assertEqual(mounts(theirs), mounts(ours))
        for overlay_name, source, copy in (("", "base/conf/fluent.conf", "fluent.conf"),
                                           *((o, f"overlays/{o}/output.conf", f"output-{o}.conf") for o in OVERLAYS)):
            self.assertEqual(stack.read("kubernetes", source), stack.read("helm", "tailrace", "files", copy),
                             f"copies of {source} ({overlay_name})")


class Configuration(Case):
    def test_each_overlay_is_accepted(self):
        for overlay in OVERLAYS:
            for name in ("base/conf/fluent.conf", f"overlays/{overlay}/output.conf"):
                shutil.copy(os.path.join(stack.PACKAGING, "kubernetes", name), self.dir)
            done = harness.run_command(["check", "-c", self.path("fluent.conf")])
            self.assertEqual(0, done.returncode, done.stderr.decode())


if __name__ == "__main__":
    main()
