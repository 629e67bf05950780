"""RemediationPause: a person stops what would be done here, at once, in an object that no Git repository owns."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import ConfigDict, Field

from forestall.api.base import Column, Condition, Crd, Model, Resource, Time, UserName, list_map, validations

Level = Literal["Pause", "Stop"]
"""Pause: no new Job. Stop: no new Job, and running ones are suspended."""


class RemediationPauseSpec(Model):
    """What is stopped, by whom, why and until when. It never changes: delete it to go on."""

    model_config = ConfigDict(
        json_schema_extra=validations(("self == oldSelf", "spec is immutable: delete the pause and make another"))
    )

    level: Level = "Pause"
    """`Pause` bars new Jobs; `Stop` also suspends the running ones. Deleting the pause lets both go on."""
    reason: Annotated[str, Field(min_length=1, max_length=1024)]
    """Why, for those who wonder what is waiting."""
    until: Time | None = None
    """When it ends by itself. Unset: when it is deleted."""
    who: UserName
    """Who pauses: the API server makes sure that it is the requester's own name."""


class RemediationPauseStatus(Model):
    """Whether the operator heeds it."""

    observed_generation: int = 0
    """The generation of the spec that was read."""
    conditions: Annotated[tuple[Condition, ...], Field(max_length=16, json_schema_extra=list_map("type"))] = ()
    """Active: it is in force. False once its time is over."""


class RemediationPause(Resource):
    """The stop: plans of this namespace create no Jobs; in the operator's own namespace, plans everywhere."""

    crd: ClassVar[Crd] = Crd(
        kind="RemediationPause",
        plural="remediationpauses",
        short="pause",
        scope="Namespaced",
        columns=(
            Column("Level", ".spec.level"),
            Column("Active", '.status.conditions[?(@.type=="Active")].status'),
            Column("Who", ".spec.who"),
            Column("Until", ".spec.until"),
            Column("Reason", ".spec.reason"),
            Column("Age", ".metadata.creationTimestamp", "date"),
        ),
    )
    spec: RemediationPauseSpec
    """What is stopped."""
    status: RemediationPauseStatus = RemediationPauseStatus()
    """Whether it is in force."""
