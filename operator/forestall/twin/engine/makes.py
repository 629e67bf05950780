"""The kernels as they are written, and as they are compiled where they are."""

from __future__ import annotations

import importlib
import importlib.util
import pathlib
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from forestall.twin import kernels as package
from forestall.twin.engine.memory import Arrays, Lists, Memory
from forestall.twin.kernels.components import Components
from forestall.twin.kernels.cuts import Cuts
from forestall.twin.kernels.gates import Gates
from forestall.twin.kernels.max_flow import MaxFlow
from forestall.twin.kernels.paths import Paths
from forestall.twin.kernels.routing import Routing

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
    """The kernels as they are written, also where compiled ones are installed beside them."""
    return _kernels({name: _written(name) for name in NAMES}, Lists(), compiled=False)


def compiled() -> Kernels | None:
    """The compiled kernels; None unless all are compiled."""
    found = {name: importlib.import_module(f"{package.__name__}.{name}") for name in NAMES}
    if any(str(module.__file__).endswith(".py") for module in found.values()):
        return None
    return _kernels(found, Arrays(), compiled=True)


def _written(name: str) -> ModuleType:
    path = pathlib.Path(str(package.__file__)).with_name(f"{name}.py")
    spec = importlib.util.spec_from_file_location(f"{package.__name__}.written_{name}", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path}: not found")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _kernels(modules: dict[str, ModuleType], memory: Memory, *, compiled: bool) -> Kernels:
    classes: dict[str, Any] = {name: vars(module)[_class_name(name)] for name, module in modules.items()}
    return Kernels(compiled=compiled, memory=memory, **classes)


def _class_name(name: str) -> str:
    return name.title().replace("_", "")
