"""What is done to the market: ten faults, each by a mechanism of its own, and five changes that are none.

All of it is done as a person would, by kubectl. Only the harness knows these names.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from forestall.api.inspectionpolicy import FindingType
from tools.faults.market import LARGE

Command = tuple[str, ...]
"""Arguments of kubectl, in the market's namespace."""

Lane = Literal["one", "two", "after"]
"""Two lanes run side by side, each in a namespace of its own. What touches nodes comes after both, alone."""


@dataclass(frozen=True)
class Fault:
    """A fault, and the finding that it must lead to."""

    name: str
    title: str
    lane: Lane
    finding: FindingType
    resource: str
    """Name of what the finding is about."""
    workload: str
    """The Deployment that is rolled out anew, to see whether the repair survives it."""
    inject: Sequence[Command]


@dataclass(frozen=True)
class Calm:
    """A change that is no fault."""

    name: str
    title: str
    change: Sequence[Command] = ()


def _patch(kind: str, name: str, patch: str) -> Command:
    return ("patch", kind, name, "-p", patch)


def _pod(name: str, spec: str) -> Command:
    return _patch("deployment", name, f'{{"spec":{{"template":{{"spec":{spec}}}}}}}')


def _container(name: str, fields: str) -> Command:
    return _pod(name, f'{{"containers":[{{"name":"app",{fields}}}]}}')


KEY = '"env":[{"name":"CURRENCY","valueFrom":{"configMapKeyRef":{"name":"settings","key":"currency"}}}]'
"""A variable from a key that the ConfigMap does not have."""

FAULTS = (
    Fault(
        "wrong-image",
        "wrong image",
        "one",
        "ImagePull",
        "front",
        "front",
        [("set", "image", "deployment/front", "app=localhost/market:1.0.l")],
    ),
    Fault(
        "config-key",
        "missing key of a ConfigMap",
        "two",
        "ConfigMissing",
        "cart",
        "cart",
        [_container("cart", KEY)],
    ),
    Fault(
        "target-port",
        "wrong target port",
        "two",
        "NoReadyEndpoints",
        "stock",
        "stock",
        [_patch("service", "stock", '{"spec":{"ports":[{"port":80,"targetPort":9090}]}}')],
    ),
    Fault(
        "selector",
        "selector that matches nothing",
        "two",
        "NoReadyEndpoints",
        "mail",
        "mail",
        [_patch("service", "mail", '{"spec":{"selector":{"app":"post"}}}')],
    ),
    Fault(
        "probe-port",
        "readiness probe on the wrong port",
        "one",
        "ProbeFailing",
        "cart",
        "cart",
        [_container("cart", '"readinessProbe":{"httpGet":{"port":8081}}')],
    ),
    Fault(
        "memory-limit",
        "memory limit too low",
        "one",
        "OutOfMemory",
        "stock",
        "stock",
        [("set", "resources", "deployment/stock", "--requests=memory=36Mi", "--limits=memory=36Mi")],
    ),
    Fault(
        "node-selector",
        "unsatisfiable node selector",
        "two",
        "Unschedulable",
        "front",
        "front",
        [_pod("front", '{"nodeSelector":{"example.com/disk":"nvme"}}')],
    ),
    Fault(
        "quota",
        "quota exhausted",
        "one",
        "QuotaExceeded",
        "cart",
        "cart",
        [("set", "resources", "deployment/cart", "--requests=memory=768Mi", "--limits=memory=768Mi")],
    ),
    Fault(
        "cordoned-and-full",
        "node cordoned and full",
        "after",
        "Unschedulable",
        LARGE,
        LARGE,
        [("cordon", "node2"), ("rollout", "restart", f"deployment/{LARGE}")],
    ),
    Fault(
        "spread-lost",
        "replica spread lost",
        "after",
        "SinglePointOfFailure",
        "mail",
        "mail",
        [
            ("cordon", "node2"),
            ("delete", "pods", "-l", "app=mail", "--field-selector", "spec.nodeName=node2"),
            ("rollout", "status", "deployment/mail", "--timeout=60s"),
            ("uncordon", "node2"),
        ],
    ),
)

CALM = (
    Calm("calm-nothing", "nothing happens"),
    Calm("calm-rollout", "a sound new version", [("set", "env", "deployment/front", "VERSION=2")]),
    Calm(
        "calm-scale",
        "one replica more, then as many as before",
        [
            ("scale", "deployment/cart", "--replicas=3"),
            ("rollout", "status", "deployment/cart", "--timeout=60s"),
            ("scale", "deployment/cart", "--replicas=2"),
        ],
    ),
    Calm(
        "calm-pod", "a pod is deleted", [("delete", "pods", "-l", "app=stock", "--field-selector=spec.nodeName=node2")]
    ),
    Calm(
        "calm-config",
        "another key in the ConfigMap, and a restart",
        [
            _patch("configmap", "settings", '{"data":{"currency":"EUR"}}'),
            ("rollout", "restart", "deployment/stock"),
        ],
    ),
)
