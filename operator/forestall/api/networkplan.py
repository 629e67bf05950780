"""What the twin says of a network that a plan would change: bounded figures before, during and after it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from forestall.api.base import DecimalText, Model, Text, exactly_one

Element = Annotated[str, Field(max_length=253)]
Status = Literal["Up", "Down"]
MOST_CHANGES = 128
MOST_LOSSES = 8


class LossFigures(Model):
    """What a network would carry after one loss."""

    loss: Element
    """What is lost, for example link/backbone/a-b."""
    link: Element = ""
    """The fullest link then; empty where no capacity is known."""
    utilisation: DecimalText
    """How full it would be; 1 is full."""
    lost_demand: DecimalText
    """Demand that would have no way, in bit per second."""


class NetworkFigures(Model):
    """How full a network is, as it is and after each loss that was examined."""

    link: Element = ""
    """The fullest link with nothing lost; empty where no capacity is known."""
    utilisation: DecimalText
    """How full it is; 1 is full."""
    lost_demand: DecimalText
    """Demand that has no way, in bit per second."""
    losses: int
    """Losses that were examined."""
    failing: int
    """Of these, losses that cost demand or overload links."""
    worst: Annotated[tuple[LossFigures, ...], Field(max_length=MOST_LOSSES)] = ()
    """The worst of these; where there is none, the loss that fills a link most."""


class MetricChange(Model):
    """Another metric for one link, that is one way of a cable."""

    link: Element
    """Id of the link."""
    before: int
    """Its metric now."""
    after: int
    """The new one."""


class DemandEnds(Model):
    """Where a demand begins and ends."""

    source: Element
    """Id of the node that it comes from."""
    target: Element
    """Id of the node that it goes to."""


class DemandChange(Model):
    """A demand that is served from, or to, another node."""

    demand: Element
    """Id of the demand."""
    before: DemandEnds
    """Its ends now."""
    after: DemandEnds
    """The new ones."""


class HomingChange(Model):
    """Demands that are homed at one node, as they begin or end there, and get another home."""

    node: Element
    """Id of the node that they begin or end at now."""
    home: Element
    """Id of the node that they are to begin or end at."""
    demands: int
    """How many they are."""
    amount: DecimalText
    """What they come to, in bit per second."""
    staying: int = 0
    """Demands between the two nodes, which stay as they are: they would begin and end at one."""


class StatusChange(Model):
    """A node or link that is taken out of service, or put back."""

    element: Element
    """The element, for example link/backbone/a-b; of a link, with its way back."""
    before: Status
    """Its administrative status now."""
    after: Status
    """The new one."""


class NetworkChange(Model):
    """One change of a network. Set is exactly one of its kinds."""

    model_config = ConfigDict(json_schema_extra=exactly_one("metric", "demand", "homing", "status"))

    step: int
    """Number of its step, from 1. What is of one step is done together."""
    metric: MetricChange | None = None
    """Another metric of a link."""
    demand: DemandChange | None = None
    """Other ends of a demand."""
    homing: HomingChange | None = None
    """Another home for all demands of a node. In an inverse: for those of them that have moved."""
    status: StatusChange | None = None
    """Another status of a node or link."""


Changes = Annotated[tuple[NetworkChange, ...], Field(max_length=MOST_CHANGES)]


class NetworkPrediction(Model):
    """A change of a network, and what the twin says of it."""

    network: Element
    """Id of the network."""
    topology_id: Annotated[str, Field(max_length=80)]
    """Content id of the topology that was asked."""
    changes: Changes
    """What is to be done, step by step."""
    inverse: Changes
    """What takes it back, step by step."""
    before: NetworkFigures
    """As it is."""
    during: NetworkFigures
    """The worst state on the way: after some of the steps, and with one more loss in it."""
    after: NetworkFigures
    """After all of them."""
    caveat: Text
    """What the model leaves out."""
