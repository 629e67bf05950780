"""One content has one digest, whatever else goes on in the cluster; another content has another."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from forestall.api.base import Key
from forestall.api.inspectionpolicy import InspectionPolicy
from forestall.api.remediationplan import RiskClass
from forestall.api.runbook import Runbook
from forestall.planning.hashing import canonical, sha256_of
from forestall.planning.render import render
from forestall.planning.runbooks import arguments
from forestall.ports import Json
from tests.unit.planning.objects import BAD, deployment, runbook
from tests.unit.planning.world import broken_rollout, history, node, pod, policy, service, snapshot

ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
"""Text of all that is Unicode, beyond the basic plane and what has to be escaped among it."""
SCALARS = st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | ANY_TEXT

IMAGE = f"registry.example/forestall@sha256:{'a' * 64}"


@dataclass
class Case:
    """All that a rendering is made from; each change below alters one thing in it."""

    objects: list[Json] = field(default_factory=broken_rollout)
    target: Json = field(default_factory=lambda: deployment(BAD))
    replicasets: list[Json] = field(default_factory=history)
    loads: dict[Key, Decimal] = field(default_factory=dict)
    policy: InspectionPolicy = field(default_factory=policy)
    runbook: Runbook = field(default_factory=lambda: runbook("RestorePreviousTemplate"))
    image: str = IMAGE
    risk: RiskClass = "Low"

    def digest(self) -> str:
        return render(
            response=self.policy.spec.responses[0],
            runbook=self.runbook,
            arguments=arguments(self.runbook.spec, []),
            snapshot=snapshot(self.objects, self.loads),
            kind="Deployment",
            target=self.target,
            replicasets=self.replicasets,
            image=self.image,
            risk=self.risk,
        ).content_digest

    def named(self, kind: str, name: str) -> Json:
        return next(one for one in self.objects if one["kind"] == kind and one["metadata"]["name"] == name)


def _other_pod(case: Case, number: int) -> None:
    case.objects.append(pod(f"other-1-{number}", f"worker-{number % 3 + 1}", owner="other-1", ready=number % 2 == 0))


def _other_service(case: Case, number: int) -> None:
    case.objects.append(service(f"other-{number}", app=f"other-{number}"))


def _other_node(case: Case, number: int) -> None:
    case.objects.append(node(f"spare-{number}", ready=number % 2 == 0))


def _other_deployment(case: Case, number: int) -> None:
    other = copy.deepcopy(deployment(replicas=number))
    other["metadata"] |= {"name": f"other-{number}", "uid": f"uid-{number}"}
    other["spec"]["template"]["metadata"]["labels"] = {"app": f"other-{number}"}
    case.objects.append(other)


def _load(case: Case, number: int) -> None:
    case.loads[Key("Service", "shop", "cart")] = Decimal(number) / 7


def _resource_version(case: Case, number: int) -> None:
    for one in (case.target, *case.replicasets, *case.objects):
        one["metadata"] |= {"resourceVersion": str(number), "generation": number}


def _managed_fields_time(case: Case, number: int) -> None:
    case.target["metadata"]["managedFields"] = [{"manager": "kubectl", "time": f"2030-01-01T00:00:{number:02}Z"}]


def _annotation(case: Case, number: int) -> None:
    case.target["metadata"]["annotations"][f"note-{number}"] = str(number)


def _status(case: Case, number: int) -> None:
    case.target["status"] = {"observedGeneration": number, "conditions": [{"type": "Progressing"}]}


def _pod_restart(case: Case, number: int) -> None:
    case.named("Pod", "cart-2-1")["status"]["containerStatuses"][0] |= {"restartCount": number}
    case.named("Pod", "cart-2-1")["status"]["containerStatuses"][0]["state"] = {
        "waiting": {"reason": ("ErrImagePull", "ImagePullBackOff")[number % 2], "message": f"try {number}"}
    }


def _pods_renamed(case: Case, number: int) -> None:
    for one in case.objects:
        if one["kind"] == "Pod" and one["metadata"]["labels"] == {"app": "cart"}:
            one["metadata"]["name"] += f"-{number}"


def _order(case: Case, number: int) -> None:
    case.objects.sort(key=lambda one: sha256_of([number, one["metadata"]["name"]]))


UNRELATED: Sequence[Callable[[Case, int], None]] = (
    _other_pod,
    _other_service,
    _other_node,
    _other_deployment,
    _load,
    _resource_version,
    _managed_fields_time,
    _annotation,
    _status,
    _pod_restart,
    _order,
)


def _image(case: Case) -> None:
    case.target["spec"]["template"]["spec"]["containers"][0]["env"] = [{"name": "A", "value": "b"}]
    case.replicasets[1]["spec"]["template"]["spec"]["containers"][0]["env"] = [{"name": "A", "value": "b"}]


def _replicas(case: Case) -> None:
    case.target["spec"]["replicas"] = 4


def _uid(case: Case) -> None:
    case.target["metadata"]["uid"] = "uid-new"
    for one in case.replicasets:
        one["metadata"]["ownerReferences"][0]["uid"] = "uid-new"


def _earlier_template(case: Case) -> None:
    case.replicasets[0]["spec"]["template"]["spec"]["containers"][0]["image"] = "evil"


def _earlier_name(case: Case) -> None:
    case.replicasets[0]["metadata"]["name"] = "cart-0"


def _runbook_text(case: Case) -> None:
    case.runbook = runbook("RestorePreviousTemplate", whenNotToUse="On Fridays.")


def _runbook_account(case: Case) -> None:
    action = {"name": "rollout-undo", "argv": ["rollout-undo"], "serviceAccountName": "forestall-action-scale"}
    case.runbook = runbook("RestorePreviousTemplate", actions=[action])


def _irreversible(case: Case) -> None:
    case.runbook = runbook("RestorePreviousTemplate", irreversible=True)


def _action_image(case: Case) -> None:
    case.image = IMAGE.replace("a" * 64, "b" * 64)


def _risk(case: Case) -> None:
    case.risk = "High"


def _mode(case: Case) -> None:
    case.policy = policy(mode="Propose")


def _ladder(case: Case) -> None:
    case.policy = policy(ladder=[{"runbook": "rollout-undo"}])


def _pod_moved(case: Case) -> None:
    case.named("Pod", "cart-1-1")["spec"]["nodeName"] = "worker-3"


def _pod_not_ready(case: Case) -> None:
    case.named("Pod", "cart-1-1")["status"]["conditions"] = []


def _node_not_ready(case: Case) -> None:
    case.named("Node", "worker-1")["status"]["conditions"] = []


def _node_cordoned(case: Case) -> None:
    case.named("Node", "worker-1")["spec"]["unschedulable"] = True


def _carried_service(case: Case) -> None:
    case.objects.append(service("checkout", app="cart"))


def _selector(case: Case) -> None:
    case.named("Service", "cart")["spec"]["selector"] = {"app": "nothing"}


READ: Sequence[Callable[[Case], None]] = (
    _image,
    _replicas,
    _uid,
    _earlier_template,
    _earlier_name,
    _runbook_text,
    _runbook_account,
    _irreversible,
    _action_image,
    _risk,
    _mode,
    _ladder,
    _pod_moved,
    _pod_not_ready,
    _node_not_ready,
    _node_cordoned,
    _carried_service,
    _selector,
)


def test_a_hundred_renderings_of_one_content_have_one_digest() -> None:
    assert len({Case().digest() for _ in range(100)}) == 1


@pytest.mark.parametrize("number", range(50))
def test_fifty_unrelated_changes_leave_the_digest_as_it_is(number: int) -> None:
    case = Case()
    UNRELATED[number % len(UNRELATED)](case, number)
    assert case.digest() == Case().digest()


def test_pods_that_were_replaced_under_new_names_leave_the_digest_as_it_is() -> None:
    case = Case()
    _pods_renamed(case, 7)
    assert case.digest() == Case().digest()


@settings(derandomize=True, max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(UNRELATED), st.integers(0, 59)), max_size=12, unique_by=lambda one: one[1]))
def test_any_mixture_of_unrelated_changes_leaves_the_digest_as_it_is(
    changes: Sequence[tuple[Callable[[Case, int], None], int]],
) -> None:
    case = Case()
    for change, number in changes:
        change(case, number)
    assert case.digest() == Case().digest()


@pytest.mark.parametrize("change", READ)
def test_a_change_of_anything_that_is_read_gives_another_digest(change: Callable[[Case], None]) -> None:
    case = Case()
    change(case)
    assert case.digest() != Case().digest()


@settings(derandomize=True, max_examples=60, deadline=None)
@given(st.sets(st.sampled_from(range(len(READ))), min_size=1, max_size=3), st.sampled_from(UNRELATED))
def test_unrelated_changes_never_hide_one_that_is_read(read: set[int], unrelated: Callable[[Case, int], None]) -> None:
    case = Case()
    for number in sorted(read):
        READ[number](case)
    unrelated(case, 3)
    assert case.digest() != Case().digest()


def test_the_jobs_are_part_of_the_content_even_where_there_is_no_rollback() -> None:
    one, two = Case(), Case(image=IMAGE.replace("a" * 64, "b" * 64))
    _irreversible(one)
    _irreversible(two)
    assert one.digest() != two.digest()


def test_arguments_are_part_of_the_content() -> None:
    one, two = (_scaled(replicas) for replicas in ("4", "5"))
    assert one != two


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("ab.\u00e9", max_size=3), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(ANY_TEXT, inner, max_size=4)))
def test_the_canonical_text_is_that_of_rfc_8785(value: Any) -> None:
    assert canonical(value) == rfc8785.dumps(value)


@settings(derandomize=True, max_examples=200, deadline=None)
@given(st.dictionaries(st.text("abcdef", max_size=3), VALUES, max_size=6), st.randoms(use_true_random=False))
def test_the_order_of_keys_never_matters(value: dict[str, Any], order: random.Random) -> None:
    keys = list(value)
    order.shuffle(keys)
    assert sha256_of({key: value[key] for key in keys}) == sha256_of(value)


@settings(derandomize=True, max_examples=200, deadline=None)
@given(VALUES, VALUES)
def test_different_values_have_different_texts(one: object, two: object) -> None:
    same = canonical(one) == canonical(two)
    assert same == (_told_apart(one) == _told_apart(two))


def _told_apart(value: object) -> object:
    """The value with its types, since Python takes True for 1; integers beyond 2**53 are text on purpose."""
    if isinstance(value, Mapping):
        return {key: _told_apart(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_told_apart(item) for item in value]
    if isinstance(value, int) and abs(value) >= 2**53:
        return "str", str(value)
    return type(value).__name__, value


def _scaled(replicas: str) -> str:
    return render(
        response=policy().spec.responses[0],
        runbook=runbook("SetReplicas"),
        arguments={"replicas": replicas},
        snapshot=snapshot(broken_rollout()),
        kind="Deployment",
        target=deployment(BAD),
        replicasets=history(),
        image=IMAGE,
        risk="Low",
    ).content_digest
