"""What the twin says will be true, and how right it was."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from forestall.api.base import DecimalText, Label, Model, Text, list_map
from forestall.api.inspectionpolicy import GoalState
from forestall.api.networkplan import NetworkPrediction


class GoalPrediction(Model):
    """What the twin says of one goal."""

    name: Label
    """Name of the goal."""
    before: GoalState
    """Now."""
    after: GoalState
    """After the plan."""
    value: DecimalText | None = None
    """The predicted value, where the twin has one."""


class Prediction(Model):
    """What the twin says will be true after the plan."""

    snapshot_id: Annotated[str, Field(max_length=80)]
    """The snapshot that was asked."""
    goals: Annotated[tuple[GoalPrediction, ...], Field(max_length=64, json_schema_extra=list_map("name"))] = ()
    """Each goal of the policy."""
    ready_pods: int
    """Ready pods of the target afterwards."""
    nodes: int
    """Nodes that carry them."""
    network: NetworkPrediction | None = None
    """Of a plan for a network: its changes, with full figures before, during and after them."""
    caveat: Text
    """What the model leaves out."""


class Score(Model):
    """The prediction held against what happened."""

    matched: int
    """Predicted facts that came true."""
    total: int
    """Predicted facts that could be checked."""
    error: DecimalText | None = None
    """Mean difference between predicted and actual utilisation of links, in points: 0.05 is five percent of a link.
    Unset where none could be compared."""
    message: Text = ""
    """What did not come true."""
