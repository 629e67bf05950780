"""Readers of single values: each gives what the value says, or UnusableError with what was expected."""

from __future__ import annotations

import math
import re
from typing import Final

from forestall.twin.defects import MAX_METRIC
from forestall.twin.formats.report import UnusableError

MAX_TEXT: Final = 1024
"""Characters of the longest identifier or word."""


MAX_DELAY: Final = 2**53
"""Microseconds."""
MAX_CAPACITY: Final = 1e18
"""Bit per second, far beyond any link: a larger one is a mistake in the unit."""

_WHOLE = re.compile(r"0*[0-9]{1,20}", re.ASCII)
_NUMBER = re.compile(r"[0-9]{1,20}(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,3})?", re.ASCII)
_HEX_FLOAT = re.compile(r"0x[01](\.[0-9a-f]{0,6})?p\+?[0-9]{1,3}", re.ASCII)
_HEX_WHOLE = re.compile(r"0x[0-9a-f]{1,8}", re.ASCII)


def text(value: object) -> str:
    """A text without control characters that can be written."""
    if not isinstance(value, str) or len(value) > MAX_TEXT or (not value.isprintable() and _is_unwritable(value)):
        raise UnusableError(f"a text of at most {MAX_TEXT} characters, none of them a control character, was expected")
    return value


def identifier(value: object) -> str:
    """A text that is not empty."""
    found = text(value)
    if not found:
        raise UnusableError("a text that is not empty was expected")
    return found


def boolean(value: object) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise UnusableError("true or false was expected")
    return value


def uint64(value: object) -> int:
    """A whole number from 0 on, in a string as RFC 7951 asks, or not."""
    if isinstance(value, str) and len(value) <= 40 and _WHOLE.fullmatch(value):
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**64:
        raise UnusableError("a whole number from 0 to 2^64-1, in a string, was expected")
    return value


def uint32(value: object) -> int:
    """A whole number from 0 on."""
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**32:
        raise UnusableError("a whole number from 0 to 2^32-1 was expected")
    return value


def minimum(value: object) -> int:
    """How many are needed, at least one."""
    found = uint32(value)
    if not 1 <= found < 2**16:
        raise UnusableError("a number from 1 to 65535 was expected")
    return found


def metric(value: object) -> int:
    """A cost in routing."""
    found = uint64(value)
    if not 1 <= found <= MAX_METRIC:
        raise UnusableError(f"a metric from 1 to {MAX_METRIC} was expected, not {found}")
    return found


def delay(value: object) -> int:
    """Microseconds."""
    found = uint64(value)
    if found > MAX_DELAY:
        raise UnusableError(f"at most {MAX_DELAY} microseconds were expected, not {found}")
    return found


def number(value: object) -> float:
    """A number from 0 on, in a string, or not."""
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        value = float(value)
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not 0 <= value <= MAX_CAPACITY:
        raise UnusableError(f"a number from 0 to {MAX_CAPACITY:g}, in a string, was expected")
    return float(value)


def capacity(value: object) -> float:
    """Bit per second, above 0."""
    return _positive(number(value))


def rate(value: object) -> float:
    """A rate in kbit/s (RFC 8944) as bit per second."""
    return _positive(uint64(value) * 1000.0)


def bandwidth(value: object) -> float:
    """A bandwidth in bytes per second (RFC 8795) as bit per second: decimal, or hexadecimal as in C99."""
    found = value.lower() if isinstance(value, str) else ""
    if _HEX_FLOAT.fullmatch(found):
        return _positive(float.fromhex(found) * 8)
    if _HEX_WHOLE.fullmatch(found):
        return _positive(int(found, 16) * 8.0)
    if _WHOLE.fullmatch(found) and len(found) <= 40:
        return _positive(int(found) * 8.0)
    raise UnusableError("bytes per second such as 0x1.2a05f2p+30 were expected")


def probability(value: object) -> float:
    """From 0 to 1."""
    found = number(value)
    if found > 1:
        raise UnusableError(f"a probability from 0 to 1 was expected, not {found:g}")
    return found


def written(value: float) -> str:
    """A number as `number` reads it, exactly."""
    return str(int(value)) if value.is_integer() and value < 2**63 else str(value)


def as_bandwidth(value: float) -> str | None:
    """Bit per second as RFC 8795 has it; None where single precision does not hold it."""
    mantissa, exponent = math.frexp(value / 8)
    scaled = mantissa * 2**24
    if exponent < 1 or exponent > 128 or not scaled.is_integer():
        return None
    digits = f"{(int(scaled) - 2**23) * 2:06x}".rstrip("0")
    return f"0x1.{digits}p+{exponent - 1}" if digits else f"0x1p+{exponent - 1}"


def as_rate(value: float) -> str | None:
    """Bit per second as RFC 8944 has it; None where it is no whole number of kbit/s."""
    kilobits, rest = divmod(value, 1000)
    return str(int(kilobits)) if not rest and kilobits * 1000.0 == value else None


def _positive(value: float) -> float:
    if not 0 < value <= MAX_CAPACITY:
        raise UnusableError(
            f"more than 0 and at most {MAX_CAPACITY:g} bit/s were expected, not {value:g}: check the unit"
        )
    return value


def _is_unwritable(value: str) -> bool:
    return any(
        character < " " or "\ud800" <= character <= "\udfff" or character in "\x7f\ufffe\uffff" for character in value
    )
