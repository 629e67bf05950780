"""The what-if engine: which traffic is lost, which links fill, what falls with what, and whether there are other ways.

Each analysis is a class built from a `Network` or from `Requirements` and the `Kernels` that do its work; `default()`
says which kernels those are.
"""

from forestall.twin.engine.arrays import Links, Names, Network, NetworkFullError, Requirements, risk_groups
from forestall.twin.engine.backups import Backups
from forestall.twin.engine.choice import Choice, choose, default
from forestall.twin.engine.cutting import Cutting, Impacts
from forestall.twin.engine.falling import Blasts, Falling
from forestall.twin.engine.makes import Kernels, compiled, plain
from forestall.twin.engine.rerouting import Loads, Moved, Rerouting, Sweep, failing
from forestall.twin.kernels.buffers import DOWN, FAR

__all__ = [
    "DOWN",
    "FAR",
    "Backups",
    "Blasts",
    "Choice",
    "Cutting",
    "Falling",
    "Impacts",
    "Kernels",
    "Links",
    "Loads",
    "Moved",
    "Names",
    "Network",
    "NetworkFullError",
    "Requirements",
    "Rerouting",
    "Sweep",
    "choose",
    "compiled",
    "default",
    "failing",
    "plain",
    "risk_groups",
]
