"""Goals: targets that services and networks must meet."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field

from forestall.api.base import Label, Model, Operator, Query, exactly_one
from forestall.api.networkpolicy import NetworkId, NodeId, Utilisation
from forestall.api.networktwin import Cause


class SpreadGoal(Model):
    """Ready pods stand in several risk groups of one cause."""

    cause: Cause
    """Which groups: zones, racks, hosts. The twin's Kubernetes source names the nodes' labels that make them."""
    min_groups: Annotated[int, Field(ge=1, le=1000)]
    """Smallest number of groups with a ready pod. A pod on a node that is in no such group counts for none."""


class AvailableGoal(Model):
    """So many pods behind a Service are ready."""

    service: Label
    """Name of the Service, in this namespace."""
    min_ready: Annotated[int, Field(ge=1, le=100_000)]
    """Smallest number of ready pods with which the service still meets its goal."""
    spread: SpreadGoal | None = None
    """Where the pods must stand, too. Unset: anywhere."""


class MetricGoal(Model):
    """A measured value keeps to a target."""

    query: Query
    """PromQL; an instant query with one value. No value, several values or NaN make the goal Unknown."""
    operator: Operator
    """How the value must compare with the target for the goal to be met."""
    target: float
    """The target, in the query's own unit."""
    shared_by: Label | None = None
    """Name of the Deployment whose ready pods share what is measured: on the twin the value then scales
    with pods before / pods after. Unset: the twin predicts no change."""


class ReachableGoal(Model):
    """Nodes of a network reach others."""

    network: NetworkId
    """Id of the network."""
    sources: Annotated[tuple[NodeId, ...], Field(min_length=1, max_length=64)]
    """Ids of the nodes that must reach others, each of them. One that fails itself is not judged: no other way could
    save it."""
    targets: Annotated[tuple[NodeId, ...], Field(min_length=1, max_length=64)]
    """Ids of the nodes that must be reached, and must reach back."""
    min_targets: Annotated[int | None, Field(ge=1, le=64)] = None
    """How many of the targets are enough. Unset: all that have not failed themselves."""


class CapacityGoal(Model):
    """A network carries all its demands, and no link is too full."""

    network: NetworkId
    """Id of the network."""
    max_utilisation: Utilisation
    """Largest share of its capacity that any link may carry; 1 is full."""


class Goal(Model):
    """A target that a service must meet. Set exactly one of its kinds."""

    model_config = ConfigDict(json_schema_extra=exactly_one("available", "metric", "reachable", "capacity"))

    name: Label
    """Name of the goal, unique in this policy."""
    available: AvailableGoal | None = None
    """Met while enough pods of a Service are ready."""
    metric: MetricGoal | None = None
    """Met while a measured value keeps to a target."""
    reachable: ReachableGoal | None = None
    """Met while nodes of a network reach others."""
    capacity: CapacityGoal | None = None
    """Met while a network carries its demands and no link is too full."""
