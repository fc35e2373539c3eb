# SPDX-License-Identifier: Apache-2.0
"""What the tests of packaging/ share: YAML, kubectl against the tests' apiserver, helm, Prometheus and Alertmanager.

Tools come from Debian packages or the service kit; one that is not to be had raises SkipTest and says why.
"""

import json
import os
import shutil
import subprocess
import sys
import unittest

import harness
import real_servers

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


def helm():
    """The path of helm, built by the service kit."""
    built = subprocess.run([os.path.join(real_servers.KIT, "helm", "helm-build.sh")], stdin=subprocess.DEVNULL,
                           capture_output=True, text=True, timeout=BUILD_SECONDS, check=False)
    if built.returncode != 0:
        raise unittest.SkipTest("helm cannot be had: " + built.stderr.strip().splitlines()[-1])
    return os.path.join(built.stdout.strip(), "helm")


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
