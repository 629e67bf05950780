"""What a policy needs on its way from Observe to Open: each thing that may be missing is named, with its remedy."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from forestall.api.inspectionpolicy import InspectionPolicy
from forestall.api.networktwin import NetworkTwin
from forestall.api.remediationpause import RemediationPause
from forestall.api.runbook import Runbook
from forestall.cli.rights import Grant
from forestall.cli.stages import Around, Deed, Installation, Line, acts, lines, previews, reached
from forestall.ports import Json
from tests.unit.cli.objects import condition, meta
from tests.unit.planning.objects import runbook

UNDO, SCALE = runbook("RestorePreviousTemplate"), runbook("SetReplicas")
INSTALLED = Installation("forestall-system", "forestall-actions", "forestall", "")
OPERATOR, ACTION = (
    "system:serviceaccount:forestall-system:forestall",
    "system:serviceaccount:forestall-actions:forestall-action-rollout-undo",
)
RESPONSE: Json = {
    "name": "undo",
    "match": {"types": ["ImagePull"]},
    "mode": "Open",
    "ladder": [{"runbook": "rollout-undo"}],
}
CONDITIONS = [condition(kind, "True") for kind in ("Ready", "MetricsReachable", "ApprovalPolicyEnforced")]


def policy(
    responses: tuple[Json, ...] = (RESPONSE,), generation: int = 0, **parts: Mapping[str, Any]
) -> InspectionPolicy:
    """A policy that lacks nothing, changed by `spec` and `status`."""
    spec = {
        "twinRef": {"name": "main"},
        "goals": [{"name": "ready", "available": {"service": "web", "minReady": 1}}],
        "inspections": [{"name": "images", "workload": {"checks": ["ImagePull"]}}],
        "responses": list(responses),
    }
    status = {
        "conditions": CONDITIONS,
        "goals": [{"name": "ready", "observed": "Fulfilled", "predicted": "Fulfilled"}],
        "inspections": [{"name": "images", "scanned": 3, "failed": 0, "errors": 0}],
    }
    return InspectionPolicy.model_validate(
        {
            "metadata": {**meta("web"), "generation": generation},
            "spec": {**spec, **parts.get("spec", {})},
            "status": {**status, **parts.get("status", {})},
        }
    )


def twin(status: str = "True", message: str = "") -> NetworkTwin:
    sources = [{"name": "objects", "kubernetes": {}}]
    ready = condition("Ready", status, "Filling", message)
    return NetworkTwin.model_validate(
        {"metadata": meta("main"), "spec": {"sources": sources}, "status": {"conditions": [ready]}}
    )


def grants(*kinds: str, right: str = "approve", namespace: str = "shop", names: tuple[str, ...] = ()) -> list[Grant]:
    return [Grant(right, kind, f"{kind.lower()}-{n}", namespace, names, "approvers") for n, kind in enumerate(kinds)]


def around(known: InspectionPolicy | None = None, **more: Any) -> Around:
    """Everything there, changed by `more`."""
    books = {book.metadata.name: book for book in (UNDO, SCALE)}
    deeds = {deed: "" for book in books.values() for of in (previews, acts) for deed in of(book, INSTALLED)}
    people = [*grants("User"), *grants("User", right="approve-high")]
    whole = Around(known or policy(), INSTALLED, twin(), books, (), people, "", deeds)
    return replace(whole, **more)


def missing(given: Around) -> list[Line]:
    return [line for line in lines(given) if not line.holds]


def test_a_policy_that_lacks_nothing_is_open() -> None:
    assert missing(around()) == []
    assert reached(lines(around())) == "Open"


def pause() -> RemediationPause:
    spec = {"level": "Stop", "reason": "a release", "who": "gina"}
    return RemediationPause.model_validate({"metadata": meta("pause-1"), "spec": spec})


def mode(name: str) -> InspectionPolicy:
    return policy(({**RESPONSE, "mode": name},))


def ladder(*rungs: Json) -> InspectionPolicy:
    return policy(({**RESPONSE, "ladder": list(rungs)},))


NODES: Json = {"runbook": "cordon", "parameters": [{"name": "node", "from": "Node"}]}
LACKS: dict[str, tuple[Around, str, str]] = {
    "no operator": (
        around(installation=replace(INSTALLED, problem="no Pod of it is ready")),
        "Observe: the operator runs: no Pod of it is ready",
        "rollout status deployment/forestall",
    ),
    "no twin": (
        around(twin=None),
        "Observe: the twin main is whole: there is no NetworkTwin main",
        "describe twin main",
    ),
    "a twin that fills": (
        around(twin=twin("False", "waits for pods")),
        "Observe: the twin main is whole: waits for pods",
        "",
    ),
    "not inspected": (
        around(policy(status={"conditions": CONDITIONS[1:]})),
        "Observe: the policy is being inspected: the operator has not looked at it yet",
        "its log",
    ),
    "a query without an answer": (
        around(
            policy(
                status={
                    "conditions": [CONDITIONS[0], condition("MetricsReachable", "False", "x", "refused"), CONDITIONS[2]]
                }
            )
        ),
        "Observe: its queries are answered: refused",
        "Prometheus source of twin main",
    ),
    "an inspection that cannot judge": (
        around(
            policy(
                status={
                    "inspections": [{"name": "images", "scanned": 3, "failed": 0, "errors": 1, "message": "no series"}]
                }
            )
        ),
        "Observe: inspection images can judge what it looks at: no series",
        "mend what it names",
    ),
    "an inspection of nothing": (
        around(policy(status={"inspections": [{"name": "images", "scanned": 0, "failed": 0, "errors": 0}]})),
        "Observe: inspection images can judge what it looks at: it looks at nothing",
        "check the names",
    ),
    "an inspection that has not run": (
        around(policy(status={"inspections": []})),
        "Observe: inspection images can judge what it looks at: it has not run yet",
        "mend",
    ),
    "no goal": (around(policy(spec={"goals": []})), "Observe: the policy has a goal: it has none", "add spec.goals"),
    "a goal that nobody knows": (
        around(policy(status={"goals": [{"name": "ready", "observed": "Unknown", "predicted": "Unknown"}]})),
        "Observe: goal ready is known: it is Unknown",
        "describe inspect web",
    ),
    "no response": (around(policy(())), "Propose: the policy has a response: it has none", "add spec.responses"),
    "no ladder": (
        around(ladder()),
        "Propose: response undo has a ladder: it has no runbook to plan with",
        "add a rung",
    ),
    "no runbook": (
        around(ladder({"runbook": "scael"})),
        "Propose: runbook scael of response undo can be used: there is no Runbook scael",
        "actions.scael.enabled",
    ),
    "a runbook that is wrong": (
        around(runbooks={"rollout-undo": runbook("RestorePreviousTemplate", targetKinds=["Service"])}),
        "Propose: runbook rollout-undo of response undo can be used: spec.targetKinds: effect RestorePreviousTemplate",
        "mend the Runbook rollout-undo",
    ),
    "an argument that it does not take": (
        around(ladder({"runbook": "rollout-undo", "parameters": [{"name": "to", "value": "1"}]})),
        "Propose: runbook rollout-undo of response undo can be used: rollout-undo has no parameter to",
        "",
    ),
    "no preview": (
        around(
            allowed={Deed(OPERATOR, "Deployment"): "the API server would refuse it", Deed(ACTION, "Deployment"): ""}
        ),
        "Propose: the operator may preview changes of Deployments: the API server would refuse it",
        "add shop to the chart's value namespaces",
    ),
    "nobody checks approvals": (
        around(
            policy(
                status={
                    "conditions": [
                        *CONDITIONS[:2],
                        condition("ApprovalPolicyEnforced", "False", "x", "a binding is gone"),
                    ]
                }
            )
        ),
        "Open: approvals are enforced: a binding is gone",
        "doctor --system forestall-system",
    ),
    "only proposed": (
        around(mode("Propose")),
        "Open: response undo runs what is approved: its mode is Propose",
        "mode to Open",
    ),
    "suspended": (
        around(policy(spec={"suspend": True})),
        "Open: the policy is not suspended: spec.suspend is true",
        "false",
    ),
    "paused": (around(pauses=[pause()]), "Open: nobody has paused it: gina paused it (a release)", "resume"),
    "no right of the action": (
        around(
            allowed={Deed(OPERATOR, "Deployment"): "", Deed(ACTION, "Deployment"): "the API server would refuse it"}
        ),
        "Open: account forestall-action-rollout-undo may change Deployments: the API server would refuse it",
        "add shop to the chart's value namespaces",
    ),
    "nobody approves": (
        around(grants=grants("User", right="approve-high")),
        "Open: somebody may approve plans of low risk: nobody but cluster administrators holds the right",
        "bind the ClusterRole forestall-approve to people in namespace shop",
    ),
    "nobody approves what is risky": (
        around(grants=grants("Group")),
        "Open: somebody may approve plans of high risk: nobody but cluster administrators holds the right",
        "forestall-approve-high",
    ),
    "nobody may be asked": (
        around(grants=(), unread="ann cannot list roles"),
        "Open: somebody may approve plans of low risk: ann cannot list roles",
        "bind",
    ),
}


@pytest.mark.parametrize(("given", "told", "remedy"), LACKS.values(), ids=LACKS.keys())
def test_what_is_missing_is_named_with_its_remedy(given: Around, told: str, remedy: str) -> None:
    line = missing(given)[0]
    assert f"{line.stage}: {line.what}: {line.missing}".startswith(told)
    assert remedy in line.remedy
    assert line.remedy


@pytest.mark.parametrize(
    ("given", "stage"),
    [
        (around(twin=None), None),
        (around(mode("Observe")), "Observe"),
        (around(mode("Propose")), "Propose"),
        (around(), "Open"),
    ],
)
def test_a_policy_is_as_far_as_nothing_is_missing(given: Around, stage: str | None) -> None:
    assert reached(lines(given)) == stage


def test_a_policy_that_was_changed_since_it_was_inspected_is_not_known() -> None:
    told = {line.missing for line in missing(around(policy(generation=2)))}
    assert told == {"the operator has not looked at the policy since it was changed"}


def test_a_right_elsewhere_or_on_another_policy_or_of_a_program_is_none() -> None:
    high = grants("User", right="approve-high")
    for wrong in (grants("User", namespace="bank"), grants("User", names=("other",)), grants("ServiceAccount")):
        assert len(missing(around(grants=[*wrong, *high]))) == 1
    for right in (grants("User", namespace=""), grants("User", names=("web",))):
        assert missing(around(grants=[*right, *high])) == []


def test_where_two_must_approve_two_people_or_a_group_must_be_there() -> None:
    two = policy(({**RESPONSE, "approvers": 2},))
    high = grants("Group", right="approve-high")
    assert [line.missing for line in missing(around(two, grants=[*grants("User"), *high]))] == [
        "only user-0 holds the right"
    ]
    assert missing(around(two, grants=[*grants("User", "User"), *high])) == []
    assert missing(around(two, grants=[*grants("Group"), *high])) == []


def test_an_action_on_nodes_is_not_a_matter_of_namespaces() -> None:
    cordon: Runbook = runbook("Cordon")
    found = missing(around(ladder(NODES), runbooks={"cordon": cordon}, allowed={}))
    assert {line.remedy for line in found} == {"enable the action on nodes in the chart"}
    assert [line.stage for line in found] == ["Propose", "Open"]


def test_of_an_image_of_somebodys_own_nothing_is_asked() -> None:
    assert (previews(runbook("Vouched"), INSTALLED), acts(runbook("Vouched"), INSTALLED)) == ([], [])
