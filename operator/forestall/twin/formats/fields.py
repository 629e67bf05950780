"""The members of an object, taken one by one; what is not taken is kept as attributes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from forestall.twin.formats.parsing import Json, escaped, is_shallow
from forestall.twin.formats.report import LeftOutError, Report, UnusableError

T = TypeVar("T")

LONGEST_NAME: Final = 256
"""Characters of the longest name of a member that is kept."""


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
            raise LeftOutError(self.at(name), "it is missing: give it, or remove the element") from error
        except UnusableError as error:
            raise LeftOutError(self.at(name), str(error)) from error

    def wanted(self, name: str, reader: Callable[[object], T], default: T) -> T:
        """The value of a member; the default where it is missing or, with a defect, unusable."""
        if name not in self.left:
            return default
        try:
            return reader(self.left.pop(name))
        except UnusableError as error:
            self.report.kept(self.at(name), f"{error}: it is taken as not given")
            return default

    def counter(self, name: str, reader: Callable[[object], T], default: T) -> T:
        """As `wanted`, of a member that RFC 7951 writes as a string since it may have 64 bits."""
        if isinstance(self.left.get(name), int):
            self.report.kept(self.at(name), 'a number of 64 bits is a string in JSON (RFC 7951): write "…"')
        return self.wanted(name, reader, default)

    def inner(self, name: str) -> Fields:
        """The object at a member; an empty one where it is missing or, with a defect, no object."""
        found = self.left.get(name)
        if found is not None and not isinstance(found, dict):
            self.report.kept(self.at(name), "an object was expected: it is taken as not given")
            found = self.left.pop(name) and None
        return Fields({} if found is None else found, self.at(name), self.report)

    def prune(self, *names: str) -> None:
        """Removes members of which nothing is left."""
        for name in names:
            if self.left.get(name) == {}:
                del self.left[name]

    def each(self, name: str) -> Iterator[Fields]:
        """The objects of the list at a member; with a defect, without what is no object."""
        found = self.left.pop(name, ())
        if not isinstance(found, (list, tuple)):
            self.report.left_out(self.at(name), "a list of objects was expected")
            return
        path = self.at(name)
        for place, item in enumerate(found):
            if isinstance(item, dict):
                yield Fields(item, f"{path}/{place}", self.report)
            else:
                self.report.left_out(f"{path}/{place}", "an object was expected")

    def values(self, name: str, reader: Callable[[object], T]) -> Iterator[T]:
        """The values of the list at a member; with a defect, without those that are unusable."""
        found = self.left.pop(name, ())
        if not isinstance(found, (list, tuple)):
            self.report.kept(self.at(name), "a list was expected: it is taken as not given")
            return
        for place, item in enumerate(found):
            try:
                yield reader(item)
            except UnusableError as error:
                self.report.kept(f"{self.at(name)}/{place}", f"{error}: it is taken as not given")

    def attributes(self) -> dict[str, Any]:
        """What was not taken, without what cannot be kept."""
        for name in [name for name, value in self.left.items() if not self._is_kept(name, value)]:
            del self.left[name]
        return self.left

    def _is_kept(self, name: str, value: object) -> bool:
        wrong = self._what_is_wrong(name, value)
        if wrong:
            self.report.kept(self.at(name[:LONGEST_NAME]), f"{wrong}: it is not kept")
        return not wrong

    def _what_is_wrong(self, name: str, value: object) -> str:
        module, _, local = name.partition(":")
        if not (module and local):
            return (
                f"no member of that name is known here: write it with the name of its module, as in module:{name[:40]}"
            )
        if len(name) > LONGEST_NAME:
            return f"its name is longer than {LONGEST_NAME} characters"
        return "" if is_shallow(value) else "arrays and objects are nested too deeply in it"
