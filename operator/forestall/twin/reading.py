"""Reads fields of objects that others wrote: missing is a default, anything else than what is expected is Unreadable.

Nothing here raises another exception, whatever the object holds.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import ROUND_CEILING, Decimal
from typing import Any

Json = dict[str, Any]

MAX_TEXT = 4096
"""Characters of the longest text that is kept; a longer one is Unreadable."""
MAX_AMOUNT = 2**63 - 1
"""Largest amount, as the API server itself has it."""

_QUANTITY = re.compile(r"([0-9]{1,20}(?:\.[0-9]{0,20})?|\.[0-9]{1,20})(n|u|m|[kMGTPE]i?|Ki|[eE][+-]?[0-9]{1,2})?", re.ASCII)
_SUFFIXES = {"": 0, "n": -9, "u": -6, "m": -3, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}


class Unreadable(ValueError):  # noqa: N818 - it is the state of a field, and reads as one where it is caught
    """A field does not hold what its kind says. The message names the field."""


def child(value: object, *path: str) -> Json:
    """The object at `path`; an empty one where it is missing."""
    for name in ("", *path):
        value = value.get(name) if isinstance(value, dict) and name else value
        value = {} if value is None else value
        if not isinstance(value, dict):
            raise Unreadable(f"{name or 'the object'}: an object was expected")
    assert isinstance(value, dict)
    return value


def children(value: Json, name: str) -> Sequence[Json]:
    """The list of objects at `name`; an empty one where it is missing."""
    found = value.get(name)
    if found is None:
        return ()
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise Unreadable(f"{name}: a list of objects was expected")
    return found


def text(value: Json, name: str, default: str = "") -> str:
    """The text at `name`."""
    found = value.get(name)
    if found is None:
        return default
    if not isinstance(found, str) or len(found) > MAX_TEXT:
        raise Unreadable(f"{name}: a text of at most {MAX_TEXT} characters was expected")
    return found


def texts(value: Json, name: str) -> dict[str, str]:
    """The map of texts at `name`, ordered by key."""
    found = child(value, name)
    return {key: text(found, key) for key in sorted(found, key=str) if isinstance(key, str)}


def text_list(value: Json, name: str) -> tuple[str, ...]:
    """The list of texts at `name`."""
    found = value.get(name)
    if found is None:
        return ()
    if not isinstance(found, list):
        raise Unreadable(f"{name}: a list of texts was expected")
    return tuple(text({name: item}, name) for item in found)


def integer(value: Json, name: str, default: int, *, maximum: int = MAX_AMOUNT) -> int:
    """The number at `name`, from 0 to `maximum`."""
    found = value.get(name)
    if found is None:
        return default
    if not isinstance(found, int) or isinstance(found, bool) or not 0 <= found <= maximum:
        raise Unreadable(f"{name}: a number from 0 to {maximum} was expected")
    return found


def amount(value: Json, name: str, *, unit: int = 0) -> int:
    """The resource quantity at `name` in units of 10^`unit`, rounded up as schedulers do; 0 where it is missing."""
    found = value.get(name)
    if found is None:
        return 0
    match = _QUANTITY.fullmatch(str(found)) if isinstance(found, (str, int)) and len(str(found)[:64]) < 64 else None
    if match is None:
        raise Unreadable(f"{name}: a quantity such as 500m or 1Gi was expected")
    number = Decimal(match[1]) * _factor(match[2] or "") * Decimal(10) ** -unit
    if number > MAX_AMOUNT:
        raise Unreadable(f"{name}: the quantity is larger than {MAX_AMOUNT}")
    return int(number.to_integral_value(ROUND_CEILING))


def _factor(suffix: str) -> Decimal:
    if suffix.endswith("i"):
        return Decimal(1024) ** ("KMGTPE".index(suffix[0]) + 1)
    return Decimal(10) ** (_SUFFIXES[suffix] if suffix in _SUFFIXES else int(suffix[1:]))
