"""Reads fields of objects that others wrote. What is missing has a default; what is not as expected raises.

Nothing here raises anything but UnreadableError, whatever the object holds.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import ROUND_CEILING, Decimal
from functools import lru_cache
from typing import Any

Json = dict[str, Any]

MAX_TEXT = 4096
"""Characters of the longest text that is kept; a longer one is an error."""
MAX_AMOUNT = 2**63 - 1
"""Largest amount, as the API server itself has it."""
MAX_WORDS = 512
"""Characters kept of what a component says in its own words."""
EARLIEST, LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)
"""Times beyond these are no times of a cluster; there is room for sums on both sides."""

_QUANTITY = re.compile(
    r"([0-9]{1,20}(?:\.[0-9]{0,20})?|\.[0-9]{1,20})(n|u|m|k|[MGTPE]|[KMGTPE]i|[eE][+-]?[0-9]{1,2})?", re.ASCII
)
_SUFFIXES = {"": 0, "n": -9, "u": -6, "m": -3, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}


class UnreadableError(ValueError):
    """A field does not hold what its kind says. The message names the field."""


def child(value: object, *path: str) -> Json:
    """The object at `path`; an empty one where it is missing."""
    found = value if isinstance(value, dict) else _missing(value, "the object")
    for name in path:
        part = found.get(name)
        found = part if isinstance(part, dict) else _missing(part, name)
    return found


def _missing(value: object, name: str) -> Json:
    """An empty object for nothing; anything else is no object."""
    if value is not None:
        raise UnreadableError(f"{name}: an object was expected")
    return {}


def children(value: Json, name: str) -> Sequence[Json]:
    """The list of objects at `name`; an empty one where it is missing."""
    found = value.get(name)
    if found is None:
        return ()
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise UnreadableError(f"{name}: a list of objects was expected")
    return found


def text(value: Json, name: str, default: str = "") -> str:
    """The text at `name`."""
    found = value.get(name)
    if found is None:
        return default
    if not isinstance(found, str) or len(found) > MAX_TEXT or not _encodes(found):
        raise UnreadableError(f"{name}: a text of at most {MAX_TEXT} characters was expected")
    return found


def _encodes(value: str) -> bool:
    """Whether the text can be written at all: JSON can carry half a character."""
    return value.isascii() or not any("\ud800" <= character <= "\udfff" for character in value)


def texts(value: Json, name: str) -> dict[str, str]:
    """The map of texts at `name`, ordered by key."""
    found = child(value, name)
    return {text({name: key}, name): text(found, key) for key in sorted(found)}


def text_list(value: Json, name: str) -> tuple[str, ...]:
    """The list of texts at `name`."""
    found = value.get(name)
    if found is None:
        return ()
    if not isinstance(found, list):
        raise UnreadableError(f"{name}: a list of texts was expected")
    return tuple(text({name: item}, name) for item in found)


def words(value: Json, name: str) -> str:
    """What a component says at `name`, its beginning; nothing where it is no text. Nothing hangs on it but people."""
    found = value.get(name)
    return found[:MAX_WORDS].encode(errors="replace").decode() if isinstance(found, str) else ""


def integer(value: Json, name: str, default: int, *, maximum: int = MAX_AMOUNT) -> int:
    """The number at `name`, from 0 to `maximum`."""
    found = value.get(name)
    if found is None:
        return default
    if not isinstance(found, int) or isinstance(found, bool) or not 0 <= found <= maximum:
        raise UnreadableError(f"{name}: a number from 0 to {maximum} was expected")
    return found


def time(value: Json, name: str) -> datetime | None:
    """The time at `name`, with its offset and within the years that can be counted on; None where it is missing."""
    found = value.get(name)
    if found is None:
        return None
    try:
        read = datetime.fromisoformat(found)
    except (TypeError, ValueError) as error:
        raise UnreadableError(f"{name}: a time such as 2030-01-01T12:00:00Z was expected") from error
    if read.tzinfo is None or not EARLIEST <= read <= LATEST:
        raise UnreadableError(f"{name}: a time with an offset, from {EARLIEST.year} to {LATEST.year}, was expected")
    return read


def amount(value: Json, name: str, *, unit: int = 0) -> int:
    """The resource quantity at `name` in units of 10^`unit`, rounded up as schedulers do; 0 where it is missing."""
    found = value.get(name)
    if found is None:
        return 0
    number = _quantity(str(found), unit) if isinstance(found, (str, int)) and len(str(found)[:64]) < 64 else None
    if number is None:
        raise UnreadableError(f"{name}: a quantity such as 500m or 1Gi was expected")
    if number > MAX_AMOUNT:
        raise UnreadableError(f"{name}: the quantity is larger than {MAX_AMOUNT}")
    return number


@lru_cache(maxsize=4096)  # a cluster asks for few different ones, again and again
def _quantity(text: str, unit: int) -> int | None:
    """The quantity in units of 10^`unit`, rounded up; None where it is none."""
    match = _QUANTITY.fullmatch(text)
    if match is None:
        return None
    number = Decimal(match[1]) * _factor(match[2] or "") * Decimal(10) ** -unit
    return int(number.to_integral_value(ROUND_CEILING)) if number <= MAX_AMOUNT else MAX_AMOUNT + 1


def _factor(suffix: str) -> Decimal:
    if suffix.endswith("i"):
        return Decimal(1024) ** ("KMGTPE".index(suffix[0]) + 1)
    return Decimal(10) ** (_SUFFIXES[suffix] if suffix in _SUFFIXES else int(suffix[1:]))
