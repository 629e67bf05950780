"""What was wrong with a document, as it is read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from forestall.twin.defects import Defect

MOST: Final = 1000
"""Defects that are told one by one; the others are counted."""
LONGEST: Final = 1000
"""Characters of the longest path and message."""


class UnreadableTopologyError(ValueError):
    """Nothing can be made of the document. `path` says where: a JSON pointer, or the path of an XML element."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(f"{path or 'the document'}: {message}")
        self.path, self.message = path, message


class UnusableError(ValueError):
    """A value is not what its field says. The message says what was expected."""


class LeftOutError(ValueError):
    """Without what is at `path` the element is nothing. The message names the field."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(message)
        self.path = path


class Report:
    """Gathers defects: the first ones in full, of the rest their number."""

    def __init__(self) -> None:
        self._told: list[Defect] = []
        self._more = self._more_fatal = 0

    def kept(self, path: str, message: str) -> None:
        """The element is kept, without what is wrong at `path`."""
        self._add(Defect(path[:LONGEST], message[:LONGEST], fatal=False))

    def left_out(self, path: str, message: str) -> None:
        """The element is left out for what is wrong at `path`."""
        self._add(Defect(path[:LONGEST], message[:LONGEST], fatal=True))

    @contextmanager
    def leaving_out(self) -> Iterator[None]:
        """Around the reading of an element: it is left out where LeftOutError says so."""
        try:
            yield
        except LeftOutError as error:
            self.left_out(error.path, str(error))

    def defects(self) -> tuple[Defect, ...]:
        """In the order in which they were met."""
        if not self._more:
            return tuple(self._told)
        rest = f"{self._more} more are not told one by one: mend those first"
        return (*self._told, Defect("", rest, fatal=self._more_fatal > 0))

    def _add(self, defect: Defect) -> None:
        if len(self._told) < MOST:
            self._told.append(defect)
        else:
            self._more += 1
            self._more_fatal += defect.fatal
