"""The admission policies as the chart shipped them, held against those that are installed.

What the chart leaves out the API server may fill in, but only with the values known here: anything else that was
added, say a selector that narrows a binding, is a difference.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping
from typing import Any

from forestall.adapters.resources import ADMISSION_BINDINGS, ADMISSION_POLICIES, CONFIG_MAPS
from forestall.ports import Json, Kube, KubeError, Resource

CONFIG_MAP, KEY = "forestall-policies", "policies.json"
"""Where the chart keeps the specs that it installs: by kind, by name."""
FILLED_IN: Mapping[str, Any] = {
    "matchPolicy": "Equivalent",
    "namespaceSelector": {},
    "objectSelector": {},
    "scope": "*",
}
"""Fields that the API server adds, with the values that it gives them."""
KINDS: tuple[Resource, ...] = (ADMISSION_POLICIES, ADMISSION_BINDINGS)


async def difference(kube: Kube, namespace: str) -> str:
    """The first difference between the installed and the shipped policies and bindings; empty: there is none.

    `namespace` is the operator's own. Raises KubeError where the API server gives no answer.
    """
    body = await kube.get(CONFIG_MAPS, namespace, CONFIG_MAP)
    shipped: Mapping[str, Mapping[str, Json]] = json.loads(body["data"][KEY])
    wanted = [(kind, name, spec) for kind in KINDS for name, spec in shipped[kind.kind].items()]
    installed = await asyncio.gather(*(_spec(kube, kind, name) for kind, name, _ in wanted))
    for (kind, name, spec), there in zip(wanted, installed, strict=True):
        found = "it is missing" if there is None else next(_differences("spec", spec, there), "")
        if found:
            return f"{kind.kind} {name} is not as shipped: {found}"
    return ""


async def _spec(kube: Kube, kind: Resource, name: str) -> Json | None:
    try:
        return dict((await kube.get(kind, "", name))["spec"])
    except KubeError as error:
        if error.status != 404:
            raise
        return None


def _differences(path: str, shipped: object, installed: object) -> Iterator[str]:
    """Where two JSON values differ, and how."""
    if shipped == installed:
        return
    if isinstance(shipped, dict) and isinstance(installed, dict):
        for name in sorted(shipped.keys() | installed.keys()):
            yield from _in_field(f"{path}.{name}", name, shipped, installed)
    elif isinstance(shipped, list) and isinstance(installed, list) and len(shipped) == len(installed):
        for number, (one, other) in enumerate(zip(shipped, installed, strict=True)):
            yield from _differences(f"{path}[{number}]", one, other)
    else:
        yield f"{path} is {_short(installed)}, shipped was {_short(shipped)}"


def _in_field(path: str, name: str, shipped: Json, installed: Json) -> Iterator[str]:
    if name not in installed:
        yield f"{path} is missing"
    elif name in shipped:
        yield from _differences(path, shipped[name], installed[name])
    elif name not in FILLED_IN or FILLED_IN[name] != installed[name]:
        yield f"{path} was added: {_short(installed[name])}"


def _short(value: object) -> str:
    text = json.dumps(value)
    return text if len(text) <= 200 else f"{text[:200]}…"
