"""Who may decide and who may pause by an object: on a real API server, with one GitOps account that may approve."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import pytest

from tests.api.installation import (
    GROUPS,
    OPERATOR,
    ROBOT,
    TEAM,
    Installation,
    approval,
    approvals,
    install,
    pause,
    pauses,
)
from tests.api.person import expect
from tools.cluster.api_tier import ApiTier

pytestmark = pytest.mark.api

GITOPS = f"system:serviceaccount:{TEAM}:gitops"
OF_ACCOUNTS = ("system:serviceaccounts", f"system:serviceaccounts:{TEAM}", "system:authenticated")
OF_ALICE = (*GROUPS["alice"], "system:authenticated")
OF_CAROL = (*GROUPS["carol"], "system:authenticated")


@pytest.fixture(scope="module")
def world(cluster: ApiTier) -> Iterator[Installation]:
    with install(cluster, f"approval.gitopsServiceAccount={TEAM}/gitops") as installation:
        yield installation


@pytest.fixture(scope="module")
def names() -> Iterator[str]:
    return (f"object-{number}" for number in count())


@dataclass(frozen=True)
class Case:
    """Somebody creates a decision; `refusal` None: they may."""

    spec: str
    who: str
    groups: Sequence[str]
    refusal: str | None = None
    approver: str = ""
    also: dict[str, Any] = field(default_factory=dict)


HIGH = {"riskClass": "High"}
SEARCH = {"policyRef": {"name": "search"}}
REJECTED = {"decision": "Reject", "reason": "not now"}
NO_ACCOUNTS = "service accounts can neither approve nor reject"
CASES = (
    Case("alice approves", "alice", OF_ALICE),
    Case("her groups in another order", "alice", OF_ALICE[::-1]),
    Case("alice rejects", "alice", OF_ALICE, also=REJECTED),
    Case("carol approves a plan of high risk", "carol", OF_CAROL, also=HIGH),
    Case("the shipped role for approvers is enough", "erin", ("first-line", "system:authenticated")),
    Case("the GitOps account approves", "gitops", OF_ACCOUNTS, approver=GITOPS),
    Case("under another's name", "alice", OF_ALICE, "spec.approver must be you, alice", "carol"),
    Case("without groups", "alice", (), "spec.groups must be yours"),
    Case("with one group left out", "alice", OF_ALICE[1:], "spec.groups must be yours"),
    Case("with somebody's group added", "alice", (*OF_ALICE, "seniors"), "spec.groups must be yours"),
    Case("with the low verb for high risk", "alice", OF_ALICE, "alice may not approve-high", also=HIGH),
    Case("rejects high with the low verb", "alice", OF_ALICE, "may not approve-high", also={**HIGH, **REJECTED}),
    Case("under a policy that is another's", "alice", OF_ALICE, "inspection policy search", also=SEARCH),
    Case("without the verb", "bob", ("editors", "system:authenticated"), "bob may not approve plans"),
    Case("the role for proposers cannot create", "frank", ("agents", "system:authenticated"), "cannot create resource"),
    Case("nobody's role", "olga", ("system:authenticated",), "cannot create resource"),
    Case("another service account with the verb", "robot", OF_ACCOUNTS, NO_ACCOUNTS, ROBOT),
    Case("the operator", "operator", (), NO_ACCOUNTS, OPERATOR),
    Case("the GitOps account for high risk", "gitops", OF_ACCOUNTS, "may not approve-high", GITOPS, HIGH),
    Case("the GitOps account in alice's name", "gitops", OF_ALICE, "spec.approver must be you", "alice"),
    Case("a rejection without a reason", "alice", OF_ALICE, "gives a reason", also={"decision": "Reject"}),
    Case("a digest that is none", "alice", OF_ALICE, "spec.planDigest", also={"planDigest": ""}),
    Case("a plan without a UID", "alice", OF_ALICE, "uid", also={"planRef": {"name": "undo-web", "uid": ""}}),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.spec)
def test_decision(world: Installation, names: Iterator[str], case: Case) -> None:
    body = approval(next(names), approver=case.approver or case.who, groups=case.groups, **case.also)
    expect(world[case.who].create(approvals(), body), case.refusal)


@pytest.mark.parametrize("who", ["alice", "bob", "admin", "operator"])
@pytest.mark.parametrize("change", [{"approver": "carol"}, {"riskClass": "High"}, {"decision": "Reject"}])
def test_nobody_edits_a_decision(world: Installation, names: Iterator[str], who: str, change: dict[str, str]) -> None:
    name = next(names)
    expect(world["alice"].create(approvals(), approval(name, approver="alice", groups=OF_ALICE)), None)
    expect(world[who].patch(approvals(name), {"spec": change}), "immutable")


def test_impersonation_without_the_right_is_refused(world: Installation, names: Iterator[str]) -> None:
    body = approval(next(names), approver="alice", groups=OF_ALICE)
    headers = {"Impersonate-User": "alice", "Impersonate-Group": "approvers"}
    expect(world["bob"].send("POST", approvals(), body, headers=headers), "cannot impersonate")


def test_a_decision_is_withdrawn_by_whoever_may_delete_it(world: Installation, names: Iterator[str]) -> None:
    for who in ("bob", "erin"):
        name = next(names)
        expect(world["alice"].create(approvals(), approval(name, approver="alice", groups=OF_ALICE)), None)
        expect(world[who].send("DELETE", approvals(name)), None)


@pytest.mark.parametrize("path", [approvals, pauses])
def test_only_the_operator_says_what_became_of_it(world: Installation, names: Iterator[str], path: Any) -> None:
    name = next(names)
    bodies = {
        approvals: approval(name, approver="alice", groups=OF_ALICE),
        pauses: pause(name, who="alice"),
    }
    expect(world["alice"].create(path(), bodies[path]), None)
    change = {"status": {"observedGeneration": 1}}
    for who in ("admin", "bob", "alice"):
        expect(world[who].patch(path(f"{name}/status"), change), "only the operator writes status")
    expect(world["operator"].patch(path(f"{name}/status"), change), None)


@pytest.mark.parametrize(
    ("who", "name", "refusal"),
    [
        ("gina", "gina", None),
        ("bob", "bob", None),
        ("robot", ROBOT, None),
        ("gina", "bob", "spec.who must be you, gina"),
        ("admin", "gina", "spec.who must be you, admin"),
        ("frank", "frank", "cannot create resource"),
        ("erin", "erin", "cannot create resource"),
        ("olga", "olga", "cannot create resource"),
    ],
)
def test_pause(world: Installation, names: Iterator[str], who: str, name: str, refusal: str | None) -> None:
    expect(world[who].create(pauses(), pause(next(names), who=name)), refusal)


def test_a_pause_stays_as_it_is_until_it_is_deleted(world: Installation, names: Iterator[str]) -> None:
    name = next(names)
    expect(world["gina"].create(pauses(), pause(name, who="gina", level="Stop")), None)
    for who in ("bob", "admin"):
        expect(world[who].patch(pauses(name), {"spec": {"level": "Pause"}}), "immutable")
    expect(world["erin"].send("DELETE", pauses(name)), "cannot delete resource")
    expect(world["gina"].send("DELETE", pauses(name)), None)
