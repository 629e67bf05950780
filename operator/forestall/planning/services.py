"""Changes of a Service, as JSON patches, and what would undo them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from forestall.planning.patches import ChangeImpossibleError, name_of, parameter, port_of, put, spec_of
from forestall.ports import Json

Object = Mapping[str, Any]
Given = Mapping[str, str]


def set_target_port(target: Object, given: Given, _: object) -> list[Json]:
    """Lead one port of the Service to another port of its pods."""
    index, port = _port(target, given)
    wanted = port_of(parameter(given, "target-port"))
    return [] if port.get("targetPort") == wanted else [put(f"/spec/ports/{index}/targetPort", wanted)]


def target_port_back(target: Object, given: Given, _: object) -> dict[str, str]:
    """The port that it leads to now."""
    _, port = _port(target, given)
    return {"port": given["port"], "target-port": str(port.get("targetPort", given["port"]))}


def set_selector(target: Object, given: Given, _: object) -> list[Json]:
    """Select pods by another value of one label; without a value, by none of that label."""
    present, label, value = _selector(target), parameter(given, "label"), parameter(given, "value")
    wanted = {name: text for name, text in present.items() if name != label} | ({label: value} if value else {})
    if not wanted:
        raise ChangeImpossibleError(f"Service {name_of(target)} would select no pods at all: keep a label")
    return [] if wanted == present else [put("/spec/selector", wanted)]


def selector_back(target: Object, given: Given, _: object) -> dict[str, str]:
    """The value that it selects by now; empty where the label is not selected by."""
    label = parameter(given, "label")
    return {"label": label, "value": str(_selector(target).get(label, ""))}


def _selector(target: Object) -> Mapping[str, str]:
    selector: Mapping[str, str] = spec_of(target).get("selector") or {}
    return selector


def _port(target: Object, given: Given) -> tuple[int, Object]:
    number = parameter(given, "port")
    found = [(index, port) for index, port in enumerate(spec_of(target)["ports"]) if str(port.get("port")) == number]
    if len(found) != 1:
        raise ChangeImpossibleError(
            f"parameters[port]: Service {name_of(target)} has {len(found)} ports {number} where one is needed"
        )
    return found[0]
