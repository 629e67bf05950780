"""What every resource is made of: the base model, the field types and the mark that makes a model a CRD."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Final, Literal, NamedTuple

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema
from pydantic.alias_generators import to_camel

GROUP = "forestall.dev"
VERSION = "v1alpha1"
API_VERSION = f"{GROUP}/{VERSION}"

_DURATION = re.compile(r"(\d+)(ms|s|m|h|d)")
_DURATION_PATTERN = r"^([0-9]+(ms|s|m|h|d))+$"
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


class _Forgotten(frozenset[str]):
    """Stands for the fields that were given, in models to be kept; a copy of such a model starts a set of its own."""

    def __copy__(self) -> set[str]:
        return set()


_FORGOTTEN: Final = _Forgotten()
TO_KEEP: Final = object()
"""The validation context of resources that are kept in great numbers."""


class Model(BaseModel):
    """A part of a resource: immutable, camelCase on the wire, blind to fields of a later version."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        extra="ignore",
        frozen=True,
        use_attribute_docstrings=True,
    )

    def model_post_init(self, context: Any, /) -> None:
        """In a model TO_KEEP, forget which fields were given: that is almost half of what it takes in memory."""
        if context is TO_KEEP:
            object.__setattr__(self, "__pydantic_fields_set__", _FORGOTTEN)

    def to_json(self) -> dict[str, Any]:
        """The wire form: camelCase names, JSON values, nothing that is not set."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


def parse_duration(value: object) -> object:
    """`"1m30s"` as a timedelta; anything that is no text is left to the validator behind."""
    if not isinstance(value, str):
        return value
    if not re.fullmatch(_DURATION_PATTERN, value):
        raise ValueError(f"{value!r} is no duration: write it like 30s, 5m or 1h30m")
    try:
        return timedelta(seconds=sum(int(number) * _SECONDS[unit] for number, unit in _DURATION.findall(value)))
    except OverflowError as error:
        raise ValueError(f"{value!r} is longer than any duration can be") from error


def format_duration(value: timedelta) -> str:
    """The shortest exact text of a duration: 90 seconds are `1m30s`, zero is `0s`."""
    rest, text = round(value / timedelta(milliseconds=1)), ""
    for unit, size in (("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)):
        count, rest = divmod(rest, size)
        text += f"{count}{unit}" if count else ""
    return text or "0s"


def format_time(value: datetime) -> str:
    """RFC 3339 in UTC, with microseconds only where there are any."""
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _with_shared_zone(value: datetime) -> datetime:
    """The same moment; each that pydantic reads in UTC has a zone object of its own, and there are very many."""
    return value.replace(tzinfo=UTC) if value.utcoffset() == timedelta(0) else value


LabelName = Annotated[str, Field(min_length=1, max_length=128)]
"""Name of a label of a series or an alert."""
Duration = Annotated[
    timedelta,
    BeforeValidator(parse_duration),
    PlainSerializer(format_duration),
    WithJsonSchema({"type": "string", "pattern": _DURATION_PATTERN, "maxLength": 32}),
]
Time = Annotated[
    datetime,
    AfterValidator(_with_shared_zone),
    PlainSerializer(format_time),
    WithJsonSchema({"type": "string", "format": "date-time", "maxLength": 40}),
]
Name = Annotated[str, Field(min_length=1, max_length=253, pattern=r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$")]
Label = Annotated[str, Field(min_length=1, max_length=63, pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$")]
Kind = Annotated[str, Field(min_length=1, max_length=63, pattern=r"^[A-Z][A-Za-z0-9]*$")]
Uid = Annotated[str, Field(max_length=64)]
UserName = Annotated[str, Field(max_length=253)]
Text = Annotated[str, Field(max_length=1024)]
Query = Annotated[str, Field(min_length=1, max_length=4096)]
Digest = Annotated[str, Field(max_length=71, pattern=r"^(sha256:[0-9a-f]{64})?$")]
DecimalText = Annotated[
    Decimal,
    PlainSerializer(lambda value: format(value, "f")),
    WithJsonSchema({"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]+)?$", "maxLength": 64}),
]
Operator = Literal["GreaterThan", "GreaterOrEqual", "LessThan", "LessOrEqual"]
"""How a measured value is compared with a limit."""


def list_map(*keys: str) -> dict[str, Any]:
    """Schema extras of a list whose items are told apart by `keys`, so that two writers can share it."""
    return {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": list(keys)}


def validations(*rules: tuple[str, str]) -> dict[str, Any]:
    """Schema extras with CEL rules, each (rule, message)."""
    return {"x-kubernetes-validations": [{"rule": rule, "message": message} for rule, message in rules]}


def exactly_one(*members: str) -> dict[str, Any]:
    """The CEL rule of a tagged choice: one of the optional `members` is set, and one only."""
    count = " + ".join(f"(has(self.{member}) ? 1 : 0)" for member in members)
    return validations((f"{count} == 1", f"set exactly one of {', '.join(members)}"))


class ObjectMeta(Model):
    """The metadata that forestall reads of an object."""

    name: str = ""
    namespace: str | None = None
    uid: str = ""
    resource_version: str = ""
    generation: int = 0
    creation_timestamp: Time | None = None
    deletion_timestamp: Time | None = None
    labels: Mapping[str, str] = Field(default_factory=dict)
    annotations: Mapping[str, str] = Field(default_factory=dict)
    finalizers: tuple[str, ...] = ()


class Condition(Model):
    """One aspect of an object's state, as `metav1.Condition`."""

    type: Annotated[str, Field(max_length=316)]
    """Name of the condition, CamelCase."""
    status: Literal["True", "False", "Unknown"]
    """Whether the condition holds."""
    reason: Annotated[str, Field(max_length=256, pattern=r"^[A-Za-z][A-Za-z0-9]*$")]
    """Why, as one CamelCase word that programs can match."""
    message: Annotated[str, Field(max_length=4096)] = ""
    """Why, for people; it names the field and the remedy where there is one."""
    observed_generation: int = 0
    """The generation of the object that this condition was found for."""
    last_transition_time: Time
    """When `status` last changed."""


class ObjectRef(Model):
    """A Kubernetes object inside the cluster."""

    kind: Kind
    """Kind of the object, for example Deployment."""
    namespace: Annotated[str, Field(max_length=63)] = ""
    """Namespace of the object; empty for kinds without one."""
    name: Name
    """Name of the object."""


class LocalRef(Model):
    """An object named in the referrer's own namespace, or a cluster-scoped one."""

    name: Name
    """Name of the object."""


class Parameter(Model):
    """One argument for a runbook."""

    name: Label
    """Name of the parameter, as the runbook declares it."""
    value: Annotated[str, Field(max_length=1024)]
    """Value as text; the runbook's declaration says how it is read and bounded."""


@dataclass(frozen=True)
class Column:
    """A printer column of `kubectl get`."""

    name: str
    path: str
    type: str = "string"
    wide: bool = False


@dataclass(frozen=True)
class Crd:
    """What a CustomResourceDefinition needs beyond the schema."""

    kind: str
    plural: str
    short: str
    scope: Literal["Namespaced", "Cluster"]
    columns: Sequence[Column] = ()
    selectable: Sequence[str] = ()


class Resource(Model):
    """The root of a custom resource. A subclass adds `crd`, `spec` and `status`."""

    crd: ClassVar[Crd]
    metadata: ObjectMeta = Field(default_factory=ObjectMeta)

    @property
    def key(self) -> Key:
        """Where the object stands: kind, namespace, name."""
        return Key(self.crd.kind, self.metadata.namespace or "", self.metadata.name)


class Key(NamedTuple):
    """Where an object of a kind stands. The namespace is empty for cluster-scoped kinds."""

    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        return "/".join(part for part in self if part)
