"""Who holds the rights that approvals rest on, read from RBAC objects."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from forestall.adapters.resources import CLUSTER_ROLE_BINDINGS, CLUSTER_ROLES, ROLE_BINDINGS, ROLES
from forestall.api.base import GROUP
from forestall.ports import Json, Kube, KubeError

Rules = Mapping[tuple[str, str, str], Sequence[Json]]
"""The rules of a role, by kind, namespace and name."""
_WANTED: Final = (
    ("approve", GROUP, ("inspectionpolicies",)),
    ("approve-high", GROUP, ("inspectionpolicies",)),
    ("impersonate", "", ("users", "groups")),
)
"""Each right: its verb, the API group and the resources, one of which is enough."""
EVERYBODY: Final = frozenset(("system:authenticated", "system:unauthenticated", "system:anonymous"))


class Grant(NamedTuple):
    """Somebody holds a right, by a role. An empty namespace means everywhere, no names any object."""

    right: str
    kind: str
    who: str
    namespace: str
    names: tuple[str, ...]
    role: str

    @property
    def danger(self) -> str:
        """Why nobody of this kind should hold the right; empty where a person or a group of people does."""
        if self.who in EVERYBODY or self.who.startswith("system:serviceaccounts"):
            return "they are no chosen people"
        if self.kind == "ServiceAccount" or self.who.startswith("system:serviceaccount:"):
            return "it is a program"
        return ""


async def read_grants(kube: Kube) -> list[Grant]:
    """All grants in the cluster, ordered. Raises KubeError where RBAC objects may not be read."""
    roles = [*await kube.list(ROLES), *await kube.list(CLUSTER_ROLES)]
    bindings = [*await kube.list(ROLE_BINDINGS), *await kube.list(CLUSTER_ROLE_BINDINGS)]
    return grants(roles, bindings)


async def known_grants(kube: Kube) -> tuple[Sequence[Grant], str]:
    """All grants in the cluster; where RBAC objects may not be read none, and why."""
    try:
        return await read_grants(kube), ""
    except KubeError as error:
        return (), f"who can approve could not be read: {error.message}"


def grants(roles: Iterable[Json], bindings: Iterable[Json]) -> list[Grant]:
    """What the bindings give to whom, ordered, each grant once."""
    rules = {(role["kind"], _namespace(role), role["metadata"]["name"]): role.get("rules") or () for role in roles}
    return sorted({grant for binding in bindings for grant in _of_binding(binding, rules)})


def _of_binding(binding: Json, rules: Rules) -> Iterator[Grant]:
    ref, namespace = binding["roleRef"], _namespace(binding)
    place = namespace if ref["kind"] == "Role" else ""
    for rule in rules.get((ref["kind"], place, ref["name"]), ()):
        for right in _rights(rule, namespace):
            for subject in binding.get("subjects") or ():
                names = tuple(rule.get("resourceNames") or ())
                yield Grant(right, subject["kind"], _who(subject, namespace), namespace, names, ref["name"])


def _rights(rule: Json, namespace: str) -> Iterator[str]:
    for verb, group, resources in _WANTED:
        # Users and groups are in no namespace: a right on them in one of them is worth nothing.
        if not (verb == "impersonate" and namespace) and (
            _has(rule, "verbs", verb)
            and _has(rule, "apiGroups", group)
            and any(_has(rule, "resources", one) for one in resources)
        ):
            yield verb


def _has(rule: Json, field: str, value: str) -> bool:
    return not {value, "*"}.isdisjoint(rule.get(field) or ())


def _who(subject: Json, namespace: str) -> str:
    if subject["kind"] == "ServiceAccount":
        return f"system:serviceaccount:{subject.get('namespace') or namespace}:{subject['name']}"
    return str(subject["name"])


def _namespace(item: Json) -> str:
    return str(item["metadata"].get("namespace") or "")
