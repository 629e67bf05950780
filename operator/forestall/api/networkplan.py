"""What the twin says of a network that a plan would change: bounded figures before, during and after it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from forestall.api.base import DecimalText, Model, Text

Element = Annotated[str, Field(max_length=253)]
MOST_CHANGES = 32
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


class NetworkPrediction(Model):
    """A change of a network, and what the twin says of it."""

    network: Element
    """Id of the network."""
    topology_id: Annotated[str, Field(max_length=80)]
    """Content id of the topology that was asked."""
    changes: Annotated[tuple[MetricChange, ...], Field(max_length=MOST_CHANGES)]
    """The metrics to set, in this order."""
    before: NetworkFigures
    """As it is."""
    during: NetworkFigures
    """The worst state on the way: after some of the changes, in their order, and with one more loss in it."""
    after: NetworkFigures
    """After all of them."""
    caveat: Text
    """What the model leaves out."""
