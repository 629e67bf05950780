"""The kernels as they are written, and as they are compiled where they are."""

from __future__ import annotations

import importlib
import importlib.util
from dataclasses import dataclass
from typing import Any

from forestall.twin.engine.memory import Arrays, Lists, Memory
from forestall.twin.kernels.components import Components
from forestall.twin.kernels.cuts import Cuts
from forestall.twin.kernels.gates import Gates
from forestall.twin.kernels.max_flow import MaxFlow
from forestall.twin.kernels.paths import Paths
from forestall.twin.kernels.routing import Routing

WRITTEN = "forestall.twin.kernels"
BUILT = "forestall.twin.kernels.compiled"
NAMES = ("components", "cuts", "gates", "max_flow", "paths", "routing")


@dataclass(frozen=True, kw_only=True)
class Kernels:
    """Kernels of one make, and the rows that they work on."""

    compiled: bool
    memory: Memory
    components: type[Components]
    cuts: type[Cuts]
    gates: type[Gates]
    max_flow: type[MaxFlow]
    paths: type[Paths]
    routing: type[Routing]


def plain() -> Kernels:
    """The kernels as they are written."""
    return _kernels(WRITTEN, Lists(), compiled=False)


def compiled() -> Kernels | None:
    """The compiled kernels; None unless all are compiled."""
    if any(importlib.util.find_spec(f"{BUILT}.{name}") is None for name in (*NAMES, "routes")):
        return None
    return _kernels(BUILT, Arrays(), compiled=True)


def _kernels(package: str, memory: Memory, *, compiled: bool) -> Kernels:
    modules = {name: importlib.import_module(f"{package}.{name}") for name in NAMES}
    classes: dict[str, Any] = {name: vars(module)[_class_name(name)] for name, module in modules.items()}
    return Kernels(compiled=compiled, memory=memory, **classes)


def _class_name(name: str) -> str:
    return name.title().replace("_", "")
