"""One text for one meaning: canonical JSON (RFC 8785) without floats, and hashes over it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from decimal import Context, Decimal
from typing import Any, Final

from forestall.ports import Json

_STEP = Decimal("0.0001")
_WIDE = Context(prec=400)  # enough digits for every double
_EXACT = 2**53 - 1  # the largest integer that every JSON reader keeps
_ABSENT: Final = object()


def canonical(value: object) -> bytes:
    """RFC 8785 JSON of a JSON-like value.

    Decimals become text rounded to 1e-4, and integers that JSON readers would round become text. Raises
    TypeError for floats and other things that have no one text, ValueError for a Decimal that is no number and for
    text that is no Unicode.
    """
    return json.dumps(_plain(value), ensure_ascii=False, separators=(",", ":")).encode()


def sha256_of(value: object) -> str:
    """`sha256:<hex>` of the canonical JSON of a value."""
    return f"sha256:{hashlib.sha256(canonical(value)).hexdigest()}"


def reads_hash(target: Json, paths: Sequence[str]) -> str:
    """Hash of the fields of an object that `paths` name (dotted, such as `spec.template`); absent is not null."""
    found = {path: _at(target, path) for path in paths}
    return sha256_of({path: value for path, value in found.items() if value is not _ABSENT})


def decimal_text(value: Decimal) -> str:
    """A number as text, rounded to 1e-4, with no zeros that say nothing. Raises ValueError for NaN and infinity."""
    if not value.is_finite():
        raise ValueError(f"{value} is no number")
    rounded = value if _is_round(value) else value.quantize(_STEP, context=_WIDE)
    text = format(rounded, "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if rounded.is_zero() else text


def _is_round(value: Decimal) -> bool:
    exponent = value.as_tuple().exponent
    return isinstance(exponent, int) and exponent >= -4


def _at(target: Mapping[str, Any], path: str) -> Any:
    value: Any = target
    for name in path.split("."):
        if not isinstance(value, Mapping) or name not in value:
            return _ABSENT
        value = value[name]
    return value


def _plain(value: object) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(value[key]) for key in sorted(value, key=_place)}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Decimal):
        return decimal_text(value)
    if isinstance(value, int) and abs(value) > _EXACT:
        return str(value)
    if value is None or isinstance(value, str | int):
        return value
    raise TypeError(f"{type(value).__name__} has no one canonical text; pass text, integers or Decimals")


def _place(key: object) -> bytes:
    """What the keys of an object are ordered by: their UTF-16 code units."""
    if not isinstance(key, str):
        raise TypeError(f"{key!r} cannot be a key of canonical JSON: keys are text")
    return key.encode("utf-16-be")
