"""Risk groups, gates and demands: no RFC has them, so they have lists of our own."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any, Final, get_args

from forestall.api.base import Key
from forestall.twin.formats import values
from forestall.twin.formats.draft import Draft
from forestall.twin.formats.elements import reference
from forestall.twin.formats.fields import Fields
from forestall.twin.formats.names import OWN
from forestall.twin.formats.parsing import Json
from forestall.twin.formats.report import UnusableError
from forestall.twin.topology import DEMAND, GROUP, NODE, Cause, Demand, Gate, RiskGroup, Topology

GROUPS: Final = OWN + "risk-group"
GATES: Final = OWN + "gate"
DEMANDS: Final = OWN + "demand"
CAUSES: Final[tuple[Cause, ...]] = get_args(Cause)


def read(fields: Fields, draft: Draft) -> None:
    """Reads the lists among the members of an object."""
    for name, reader in ((GROUPS, _read_group), (GATES, _read_gate), (DEMANDS, _read_demand)):
        for item in fields.each(name):
            with draft.report.leaving_out():
                reader(item, draft)
            item.close()


def written(topology: Topology, *, told: Collection[Key] = ()) -> dict[str, Any]:
    """The lists, without those that are empty. `told`: risk groups that links tell of themselves."""
    lists = {
        GROUPS: [_group(group) for group in topology.groups.values() if group.key not in told],
        GATES: [{"id": place, **_gate(gate)} for place, gate in enumerate(topology.gates)],
        DEMANDS: [_demand(demand) for demand in topology.demands.values()],
    }
    return {name: items for name, items in lists.items() if items}


def key_read(fields: Fields) -> Key:
    """An element of any kind. LeftOutError where it is none."""
    return Key(
        fields.needed("kind", values.identifier),
        fields.wanted("namespace", values.text, ""),
        fields.needed("name", values.identifier),
    )


def key_written(key: Key) -> Json:
    """An element of any kind, as `key_read` reads it."""
    return {"kind": key.kind, "namespace": key.namespace, "name": key.name}


def _read_group(fields: Fields, draft: Draft) -> None:
    group = RiskGroup(
        key=Key(GROUP, "", fields.needed("name", values.identifier)),
        cause=fields.needed("cause", _cause),
        members=tuple(sorted(set(_members(fields)))),
        probability=fields.wanted("probability", values.probability, None),
    )
    draft.add_group(group, fields.path)


def _read_gate(fields: Fields, draft: Draft) -> None:
    fields.left.pop("id", None)
    gate = Gate(
        owner=key_read(fields.inner("owner")),
        needs=fields.needed("needs", values.uint32),
        members=tuple(_members(fields)),
        reason=fields.wanted("reason", values.text, ""),
    )
    del fields.left["owner"]
    draft.add_gate(gate)


def _read_demand(fields: Fields, draft: Draft) -> None:
    demand = Demand(
        key=Key(DEMAND, "", fields.needed("name", values.identifier)),
        source=reference(fields.inner("source"), NODE, "node-ref"),
        target=reference(fields.inner("target"), NODE, "node-ref"),
        amount=fields.needed("amount", values.number),
    )
    for name in ("source", "target"):
        del fields.left[name]
    draft.add_demand(demand, fields.path)


def _members(fields: Fields) -> Iterator[Key]:
    """An unusable member makes its group or gate another one: LeftOutError."""
    for item in fields.each("member"):
        yield key_read(item)


def _cause(value: object) -> Cause:
    for cause in CAUSES:
        if value == cause:
            return cause
    raise UnusableError(f"one of {', '.join(CAUSES)} was expected")


def _group(group: RiskGroup) -> Json:
    known = {} if group.probability is None else {"probability": values.written(group.probability)}
    return {
        "name": group.key.name,
        "cause": group.cause,
        **known,
        "member": [key_written(key) for key in group.members],
    }


def _gate(gate: Gate) -> Json:
    return {
        "owner": key_written(gate.owner),
        "needs": gate.needs,
        "member": [key_written(key) for key in gate.members],
        **({"reason": gate.reason} if gate.reason else {}),
    }


def _demand(demand: Demand) -> Json:
    return {
        "name": demand.key.name,
        "source": _node(demand.source),
        "target": _node(demand.target),
        "amount": values.written(demand.amount),
    }


def _node(key: Key) -> Json:
    return {"network-ref": key.namespace, "node-ref": key.name}
