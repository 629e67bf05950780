"""Installed admission policies held against the shipped ones: each difference is named, the server's own is none."""

from __future__ import annotations

import asyncio
import copy
import json
from typing import Any

import pytest

from forestall.adapters import shipped
from forestall.adapters.memory import FixedClock, MemoryKube
from forestall.adapters.resources import ADMISSION_BINDINGS, ADMISSION_POLICIES, CONFIG_MAPS
from forestall.ports import Json, KubeError
from tests.unit.gates.scene import NOW

SYSTEM = "forestall-system"
POLICY: Json = {
    "failurePolicy": "Fail",
    "matchConstraints": {"resourceRules": [{"apiGroups": ["forestall.dev"], "resources": ["remediationplans"]}]},
    "validations": [{"expression": "object.spec.who == request.userInfo.username", "message": "forestall: no"}],
}
BINDING: Json = {"policyName": "forestall-approval", "validationActions": ["Deny", "Audit"]}
FILLED_IN: Json = {
    **POLICY,
    "matchConstraints": {
        "matchPolicy": "Equivalent",
        "namespaceSelector": {},
        "objectSelector": {},
        "resourceRules": [{**POLICY["matchConstraints"]["resourceRules"][0], "scope": "*"}],
    },
}


def difference(policy: Json | None, binding: Json | None = BINDING, *, kept: Any = None) -> str:
    """What is said of these where POLICY and BINDING were shipped."""
    kube = MemoryKube(FixedClock(NOW))
    specs = {"ValidatingAdmissionPolicy": {"forestall-approval": POLICY}}
    specs["ValidatingAdmissionPolicyBinding"] = {"forestall-approval": BINDING}
    data = {shipped.KEY: json.dumps(specs) if kept is None else kept}
    kube.put(CONFIG_MAPS, {"metadata": {"name": shipped.CONFIG_MAP, "namespace": SYSTEM}, "data": data})
    for kind, spec in ((ADMISSION_POLICIES, policy), (ADMISSION_BINDINGS, binding)):
        if spec is not None:
            kube.put(kind, {"metadata": {"name": "forestall-approval"}, "spec": spec})
    return asyncio.run(shipped.difference(kube, SYSTEM))


def changed(spec: Json, *path: str | int, to: object) -> Json:
    """`spec` with another value at a path."""
    whole: Any = copy.deepcopy(spec)
    node = whole
    for part in path[:-1]:
        node = node[part]
    node[path[-1]] = to
    return dict(whole)


@pytest.mark.parametrize("installed", [POLICY, FILLED_IN], ids=["as shipped", "as the API server fills it in"])
def test_what_is_as_shipped_has_no_difference(installed: Json) -> None:
    assert difference(installed) == ""


@pytest.mark.parametrize(
    ("installed", "told"),
    [
        (None, "it is missing"),
        (changed(POLICY, "failurePolicy", to="Ignore"), 'spec.failurePolicy is "Ignore", shipped was "Fail"'),
        (changed(POLICY, "validations", 0, "expression", to="true"), 'spec.validations[0].expression is "true"'),
        (changed(POLICY, "validations", to=[]), "spec.validations is [], shipped was"),
        (changed(POLICY, "validations", 0, to={"expression": "true"}), "spec.validations[0].expression is"),
        (changed(POLICY, "matchConditions", to=[{"name": "never"}]), "spec.matchConditions was added"),
        (
            changed(FILLED_IN, "matchConstraints", "namespaceSelector", to={"matchLabels": {"strict": "true"}}),
            "spec.matchConstraints.namespaceSelector was added",
        ),
        (
            changed(FILLED_IN, "matchConstraints", "resourceRules", 0, "scope", to="Cluster"),
            "spec.matchConstraints.resourceRules[0].scope was added",
        ),
        ({key: value for key, value in POLICY.items() if key != "failurePolicy"}, "spec.failurePolicy is missing"),
    ],
)
def test_a_policy_that_differs_is_named_with_the_difference(installed: Json | None, told: str) -> None:
    found = difference(installed)
    assert found.startswith(f"ValidatingAdmissionPolicy forestall-approval is not as shipped: {told}")


@pytest.mark.parametrize(
    ("installed", "told"),
    [
        (None, "it is missing"),
        ({**BINDING, "validationActions": ["Audit"]}, "spec.validationActions is"),
        ({**BINDING, "matchResources": {"namespaceSelector": {}}}, "spec.matchResources was added"),
        ({**BINDING, "policyName": "lenient"}, 'spec.policyName is "lenient"'),
    ],
)
def test_a_binding_that_differs_is_named_with_the_difference(installed: Json | None, told: str) -> None:
    found = difference(POLICY, installed)
    assert found.startswith(f"ValidatingAdmissionPolicyBinding forestall-approval is not as shipped: {told}")


def test_a_long_value_is_cut_short() -> None:
    assert len(difference(changed(POLICY, "validations", 0, "message", to="x" * 5000))) < 500


def test_a_text_that_is_no_text_of_ours_is_an_error() -> None:
    with pytest.raises(ValueError, match="Expecting value"):
        difference(POLICY, kept="lorem ipsum")


def test_without_the_shipped_text_there_is_no_answer() -> None:
    with pytest.raises(KubeError, match="NotFound"):
        asyncio.run(shipped.difference(MemoryKube(FixedClock(NOW)), SYSTEM))
