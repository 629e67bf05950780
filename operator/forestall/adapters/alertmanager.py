"""Reads what Alertmanager's webhook receiver sends (its version 4). Every byte of it is hostile until it was read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    Field,
    StringConstraints,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)
from pydantic.alias_generators import to_camel

MOST_ALERTS = 10_000
"""Alerts that one delivery may hold."""

_Text = Annotated[str, StringConstraints(max_length=4096)]
_Texts = Annotated[Mapping[Annotated[str, StringConstraints(max_length=256)], _Text], Field(max_length=64)]


def _to_the_second(value: datetime) -> datetime:
    """In UTC, without what is of no use to anybody."""
    try:
        return value.astimezone(UTC).replace(microsecond=0)
    except OverflowError as error:
        raise ValueError("the time is out of range") from error


_Moment = Annotated[AwareDatetime, AfterValidator(_to_the_second)]


def _if_readable(value: Any, read: ValidatorFunctionWrapHandler) -> Any:
    """The time; None for one that cannot be read, which must not cost the alert."""
    try:
        return read(value)
    except ValidationError:
        return None


class UnreadableError(ValueError):
    """The body is no notification. The message says what is wrong with it."""


class _Notification(BaseModel, alias_generator=to_camel):
    version: Literal["4"]
    truncated_alerts: Annotated[int, Field(ge=0)] = 0
    alerts: Annotated[list[Any], Field(max_length=MOST_ALERTS)]


class Alert(BaseModel, alias_generator=to_camel, frozen=True):
    """One alert of a notification."""

    status: Literal["firing", "resolved"]
    fingerprint: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{1,63}$")]
    starts_at: _Moment
    ends_at: Annotated[_Moment | None, WrapValidator(_if_readable)] = None
    """When it ends unless it is told again, as far as its sender says: Alertmanager itself says nothing (year 1)."""
    labels: _Texts
    annotations: _Texts = Field(default_factory=dict)

    @property
    def firing(self) -> bool:
        """Whether it fires; otherwise it is resolved."""
        return self.status == "firing"

    @property
    def name(self) -> str:
        """Its rule's name; empty where it has none."""
        return self.labels.get("alertname", "")


@dataclass(frozen=True, slots=True)
class Notification:
    """One delivery: its alerts, each fingerprint once, and how much of it is missing."""

    alerts: Sequence[Alert]
    unreadable: int
    """Alerts that cannot be read. A retry would not mend them."""
    truncated: int
    """Alerts that Alertmanager left out, because its receiver limits their number."""


def decode(body: bytes) -> Notification:
    """The notification in a body. Raises UnreadableError where there is none; a bad alert spoils no other.

    Of several alerts with one fingerprint a firing one counts: what is in doubt is not resolved.
    """
    try:
        found = _Notification.model_validate_json(body)
    except ValidationError as error:
        raise UnreadableError(_problem(error)) from error
    alerts: dict[str, Alert] = {}
    unreadable = 0
    for item in found.alerts:
        alert = _alert(item)
        if alert is None:
            unreadable += 1
        elif alert.firing or alert.fingerprint not in alerts:
            alerts[alert.fingerprint] = alert
    return Notification(tuple(alerts.values()), unreadable, found.truncated_alerts)


def _alert(item: Any) -> Alert | None:
    try:
        return Alert.model_validate(item, by_alias=True, by_name=False)
    except ValidationError:
        return None


def _problem(error: ValidationError) -> str:
    """The first fault, with its place and without its content."""
    first = error.errors(include_input=False, include_url=False, include_context=False)[0]
    return f"{'.'.join(map(str, first['loc'])) or 'body'}: {first['msg']}"
