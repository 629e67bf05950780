"""Thousands of findings that are closed and plans that have succeeded, each a copy of one that was really lived."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from forestall.adapters.kubernetes.client import path_of
from forestall.adapters.resources import FINDINGS, PLANS, POLICIES
from forestall.ports import Resource
from tests.api.loop import objects
from tests.api.loop.objects import Json
from tests.api.loop.world import World, apply
from tests.api.person import Person, expect
from tests.chart.rendering import NAMESPACE

HANDS = 8
"""Requests that are sent at the same time."""


class Lived(NamedTuple):
    """A finding and its plan, at their ends."""

    finding: Json
    plan: Json


def open_shops(world: World, shops: int) -> list[str]:
    """Make so many namespaces with a policy each; return their names."""
    names = [f"shop-old-{number}" for number in range(shops)]
    for name in names:
        place = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
        apply(world.cluster, [place, {**objects.policy(), "metadata": {"name": objects.POLICY, "namespace": name}}])
    return names


def populate(world: World, lived: Lived, names: list[str], each: int) -> None:
    """Give the policies of these namespaces `each` findings and plans.

    Written in the operator's name: nobody else may write a status.
    """
    operator = Person(world.cluster.service_account_kubeconfig(NAMESPACE, "forestall"))
    with ThreadPoolExecutor(HANDS) as hands:
        for name in names:
            policy = world.admin.send("GET", path_of(POLICIES, name, objects.POLICY)).body
            list(hands.map(lambda pair: _write(operator, *pair), _copies(lived, policy, each)))


def _copies(lived: Lived, policy: Json, each: int) -> Iterator[tuple[Json, Json]]:
    """The pairs of one namespace, each with a name of its own."""
    namespace, word = policy["metadata"]["namespace"], lived.finding["metadata"]["name"]
    for number in range(each):
        finding = _copy(lived.finding, namespace, f"{word}-{number}", policy)
        resource = {**finding["spec"]["resource"], "namespace": namespace, "name": f"web-{number}"}
        finding["spec"] = {**finding["spec"], "resource": resource}
        plan = _copy(lived.plan, namespace, f"{word}-{number}-1", finding)
        plan["spec"] = {**plan["spec"], "findingRef": {"name": f"{word}-{number}"}}
        yield finding, plan


def _copy(lived: Json, namespace: str, name: str, owner: Json) -> Json:
    """A copy in a namespace, owned by an object whose UID may not be known yet."""
    kind = {"apiVersion": owner["apiVersion"], "kind": owner["kind"], "name": owner["metadata"]["name"]}
    owners = [{**kind, "uid": owner["metadata"].get("uid", "")}]
    metadata = {"name": name, "namespace": namespace, "ownerReferences": owners}
    labels = lived["metadata"].get("labels", {})
    return {**lived, "metadata": {**metadata, "labels": labels}}


def _write(operator: Person, finding: Json, plan: Json) -> None:
    made = _create(operator, FINDINGS, finding)
    plan["metadata"]["ownerReferences"][0]["uid"] = made["metadata"]["uid"]
    _create(operator, PLANS, plan)


def _create(operator: Person, resource: Resource, body: Json) -> Json:
    namespace, name = body["metadata"]["namespace"], body["metadata"]["name"]
    made = operator.create(path_of(resource, namespace), body)
    expect(made, None)
    expect(operator.patch(f"{path_of(resource, namespace, name)}/status", {"status": body["status"]}), None)
    return made.body
