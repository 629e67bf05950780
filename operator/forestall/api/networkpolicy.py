"""What an InspectionPolicy says of losses that goals and networks must survive."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from forestall.api.base import Model

NetworkId = Annotated[str, Field(min_length=1, max_length=253)]
NodeId = Annotated[str, Field(min_length=1, max_length=253)]
Utilisation = Annotated[float, Field(ge=0.01, le=100)]
BitRate = Annotated[float, Field(ge=0, le=1e18)]

LossScope = Literal["Node", "Zone", "Rack", "NetworkNode", "NetworkLink", "RiskGroup"]
"""What can be taken away on the twin, one at a time."""
ContingencyScope = Literal["Node", "Link", "Site", "RiskGroup", "Pairs"]
"""What can be taken away of a network."""


class SinglePointOfFailureInspection(Model):
    """Finds single elements whose loss takes a goal of this policy to NotFulfilled."""

    scope: LossScope = "Node"
    """Which elements are taken away, one at a time, on the twin: Kubernetes nodes (`Node`); all nodes of a zone or a
    rack; nodes, or cables with both their links, of networks (`NetworkNode`, `NetworkLink`); the members of each risk
    group. What rests on them goes with them, from the network up to the pods."""
    network: NetworkId | None = None
    """For NetworkNode and NetworkLink: id of the network. Unset: all that are no platform."""


class ContingencyInspection(Model):
    """Finds losses after which a network loses demand, or overloads links, with the links and the causes."""

    network: NetworkId
    """Id of the network."""
    scopes: Annotated[tuple[ContingencyScope, ...], Field(min_length=1, max_length=5)] = ("Node", "Link")
    """What is taken away on the twin: `Node`, `Link` (both ways of a cable at once), `Site` (risk groups of that cause)
    and `RiskGroup` (all of them), one at a time; `Pairs`: also each two of these."""
    maximum_utilisation: Utilisation = 1.0
    """A link is overloaded above this share of its capacity."""
    lost_demand: BitRate = 0.0
    """Demand that may be lost, in bit per second. What begins or ends at something lost does not count."""


class MaintenanceInspection(Model):
    """Finds maintenance windows inside which one more loss would lose demand or overload links."""

    network: NetworkId
    """Id of the network."""
    windows: Annotated[tuple[NodeId, ...], Field(max_length=64)] = ()
    """Names of the risk groups that are taken out of service together. Empty: all of cause `maintenance`."""
    maximum_utilisation: Utilisation = 1.0
    """A link is overloaded above this share of its capacity."""
    lost_demand: BitRate = 0.0
    """Demand that may be lost, in bit per second. What begins or ends at something lost does not count."""
