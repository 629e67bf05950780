"""The members of an object, taken one by one; what is not taken is kept as attributes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from forestall.twin.formats.parsing import Json, escaped
from forestall.twin.formats.report import LeftOutError, Report, UnusableError

T = TypeVar("T")
D = TypeVar("D")

LONGEST_NAME: Final = 256
"""Characters of the longest name of a member that is kept."""
_QUALIFIED = re.compile(r"[A-Za-z_][\w.-]*:[A-Za-z_][\w.-]*", re.ASCII)


@dataclass(slots=True)
class Fields:
    """What is left of an object, and where it stands. Taking a member removes it from the object."""

    left: Json
    path: str
    report: Report

    def at(self, name: str) -> str:
        """The path of a member."""
        return f"{self.path}/{escaped(name)}"

    def needed(self, name: str, reader: Callable[[object], T]) -> T:
        """The value of a member without which there is no element: LeftOutError where there is none."""
        try:
            return reader(self.left.pop(name))
        except KeyError as error:
            raise LeftOutError(self.at(name), f"{name}: it is missing: give it, or remove the element") from error
        except UnusableError as error:
            raise LeftOutError(self.at(name), f"{name}: {error}: the element is left out") from error

    def wanted(self, name: str, reader: Callable[[object], T], default: D) -> T | D:
        """The value of a member; the default where it is missing or, with a defect, unusable."""
        if name not in self.left:
            return default
        try:
            return reader(self.left.pop(name))
        except UnusableError as error:
            self.report.kept(self.at(name), f"{name}: {error}: it is taken as not given")
            return default

    def check_counter(self, name: str) -> None:
        """Tells of a member that RFC 7951 writes as a string, since it may have 64 bits, and that is a number."""
        said = self.left.get(name)
        if isinstance(said, int) and not isinstance(said, bool):
            self.report.kept(self.at(name), f'{name}: a number of 64 bits is a string in JSON (RFC 7951): write "…"')

    def inner(self, name: str) -> Fields:
        """The object at a member, left there; an empty one where it is missing or, with a defect, no object."""
        found = self.left.get(name)
        if isinstance(found, dict):
            return Fields(found, self.at(name), self.report)
        if found is not None:
            self.report.kept(self.at(name), f"{name}: an object was expected: it is taken as not given")
        self.left.pop(name, None)
        return Fields({}, self.at(name), self.report)

    def prune(self, name: str) -> None:
        """Removes an object of which nothing is left."""
        if self.left.get(name) == {}:
            del self.left[name]

    def each(self, name: str) -> Iterator[Fields]:
        """The objects of the list at a member; with a defect, without what is no object."""
        path = self.at(name)
        found = self.left.pop(name, ())
        if not isinstance(found, (list, tuple)):
            self.report.left_out(path, f"{name}: a list of objects was expected: all of it is left out")
            return
        for place, item in enumerate(found):
            if isinstance(item, dict):
                yield Fields(item, f"{path}/{place}", self.report)
            else:
                self.report.left_out(f"{path}/{place}", f"{name}: an object was expected: it is left out")

    def values(self, name: str, reader: Callable[[object], T]) -> Iterator[T]:
        """The values of the list at a member; with a defect, without those that are unusable."""
        path = self.at(name)
        found = self.left.pop(name, ())
        if not isinstance(found, (list, tuple)):
            self.report.kept(path, f"{name}: a list was expected: it is taken as not given")
            return
        for place, item in enumerate(found):
            try:
                yield reader(item)
            except UnusableError as error:
                self.report.kept(f"{path}/{place}", f"{name}: {error}: it is taken as not given")

    def attributes(self) -> dict[str, Any]:
        """What was not taken, without what cannot be kept."""
        for name in [name for name in self.left if not self._is_kept(name)]:
            del self.left[name]
        return self.left

    def close(self) -> None:
        """Tells of what was not taken where nothing can be kept."""
        for name in self.left:
            self.report.kept(self.at(name[:LONGEST_NAME]), f"{name[:40]}: it is not known here and not kept")

    def _is_kept(self, name: str) -> bool:
        wrong = ""
        if not is_qualified(name):
            wrong = "no such member is known here, write it with the name of its module"
        elif len(name) > LONGEST_NAME:
            wrong = f"its name is longer than {LONGEST_NAME} characters"
        if wrong:
            is_list = isinstance(self.left[name], list)  # of elements, it may be
            tell = self.report.left_out if is_list else self.report.kept
            tell(self.at(name[:LONGEST_NAME]), f"{name[:40]}: {wrong}: it is not kept")
        return not wrong


def is_qualified(name: str) -> bool:
    """Whether it is the name of a member with that of its module."""
    return _QUALIFIED.fullmatch(name) is not None
