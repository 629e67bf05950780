"""Who has an item in hand, and how it changed hands."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from forestall.api.base import Model, Text, Time, UserName


class Assignee(Model):
    """Who has the item in hand."""

    kind: Literal["Human", "Agent", "System"]
    """Human: a person has to act. Agent: forestall carries it on. System: it is on record, and nothing acts on it."""
    name: UserName = ""
    """User name of the person, or the agent's name. Empty: whoever is on call."""


class HandOff(Model):
    """One change of hands."""

    time: Time
    """When it was decided, or seen."""
    source: Annotated[Assignee, Field(alias="from")]
    """Who had it before."""
    to: Assignee
    """Who has it since."""
    reason: Text = ""
    """Why."""


AGENT = Assignee(kind="Agent", name="forestall")
"""Forestall's own loop."""
SYSTEM = Assignee(kind="System", name="forestall")
"""Forestall as the keeper of the record."""
ON_CALL = Assignee(kind="Human")
"""A person who is not known yet."""
