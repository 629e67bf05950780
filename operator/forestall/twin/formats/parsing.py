"""Text into JSON values, within bounds. RFC 8259 as RFC 7493 narrows it: names are unique, numbers are numbers."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, Final, NoReturn

from forestall.twin.formats.report import UnreadableTopologyError

LIMIT: Final = 64 * 2**20
"""Bytes of the longest document that is read unless told otherwise."""
DEEPEST: Final = 64
"""How deep arrays and objects may be nested."""

Json = dict[str, Any]

_ESCAPED_HALF = re.compile(r"\\u[dD][89a-fA-F]")


def decoded(text: str | bytes, limit: int) -> str:
    """The document as text. UnreadableTopologyError where it is longer than `limit` bytes or not UTF-8."""
    if len(text) > limit:
        raise UnreadableTopologyError("", f"it is longer than {limit} bytes: divide it by network")
    try:
        found = text.decode("utf-8-sig") if isinstance(text, bytes) else text.removeprefix("\ufeff")
        found.encode()
    except UnicodeDecodeError as error:
        raise UnreadableTopologyError("", f"byte {error.start} is no UTF-8: encode it as UTF-8") from error
    except UnicodeEncodeError as error:
        raise UnreadableTopologyError("", f"character {error.start} is half of one: write whole ones") from error
    return found


def parsed(text: str) -> object:
    """What the text says. UnreadableTopologyError where it is no JSON."""
    objects = _Objects()
    try:
        found: object = json.loads(text, object_pairs_hook=objects.of, parse_constant=_no_number, parse_float=_finite)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise UnreadableTopologyError("", f"{where}: {error.msg}: it is no JSON") from error
    except RecursionError as error:
        raise UnreadableTopologyError("", "arrays and objects are nested too deeply") from error
    except ValueError as error:
        raise UnreadableTopologyError("", f"{str(error)[:200]}: write numbers that a double holds") from error
    objects.check(found)
    if _ESCAPED_HALF.search(text):
        _check_characters(found)
    if not _is_shallow(found):
        raise UnreadableTopologyError("", f"arrays and objects are nested more than {DEEPEST} deep")
    return found


def escaped(name: str) -> str:
    """A member's name as a JSON pointer has it (RFC 6901); half characters become readable."""
    return name.replace("~", "~0").replace("/", "~1").encode(errors="backslashreplace").decode()


class _Objects:
    """Makes objects of their members, and keeps in mind those that have one twice."""

    def __init__(self) -> None:
        self._twice: list[tuple[Json, str]] = []

    def of(self, members: list[tuple[str, Any]]) -> Json:
        """The object of these members."""
        found = dict(members)
        if len(found) < len(members):
            names = Counter(name for name, _ in members)
            self._twice.append((found, next(name for name, number in names.items() if number > 1)))
        return found

    def check(self, root: object) -> None:
        """UnreadableTopologyError where an object in `root` has a member twice."""
        twice = {id(found): name for found, name in self._twice}
        for path, value in _walk(root) if twice else ():
            if id(value) in twice:
                raise UnreadableTopologyError(path, f"the member {twice[id(value)]!r:.200} is there twice: keep one")


def _check_characters(root: object) -> None:
    """UnreadableTopologyError where a text in `root` has half a character: two halves that meet would become one."""
    for path, value in _walk(root):
        for text in (value,) if isinstance(value, str) else value if isinstance(value, dict) else ():
            try:
                text.encode()
            except UnicodeEncodeError as error:
                raise UnreadableTopologyError(path, "half a character is there: write whole ones") from error


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


def _finite(text: str) -> float:
    found = float(text)
    if math.isinf(found):
        raise ValueError(f"{text[:40]} is too large")
    return found


def _walk(root: object) -> Iterator[tuple[str, object]]:
    """Every value with its JSON pointer."""
    waiting = [("", root)]
    while waiting:
        path, value = waiting.pop()
        yield path, value
        if isinstance(value, dict):
            waiting.extend((f"{path}/{escaped(name)}", item) for name, item in value.items())
        elif isinstance(value, list):
            waiting.extend((f"{path}/{place}", item) for place, item in enumerate(value))


def _is_shallow(value: object) -> bool:
    level = [value]
    for _ in range(DEEPEST):
        level = [
            inner
            for one in level
            for inner in (one.values() if isinstance(one, dict) else one if isinstance(one, list) else ())
            if isinstance(inner, (dict, list))
        ]
        if not level:
            return True
    return False
