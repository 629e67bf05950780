"""What was wrong with a document, as it is read."""

from __future__ import annotations

from typing import Final

from forestall.twin.defects import Defect

MOST: Final = 1000
"""Defects that are told one by one; the others are counted."""


class UnreadableTopologyError(ValueError):
    """Nothing can be made of the document. `path` says where: a JSON pointer, or the path of an XML element."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(f"{path or 'the document'}: {message}")
        self.path, self.message = path, message


class UnusableError(ValueError):
    """A value is not what its field says. The message says what was expected."""


class LeftOutError(ValueError):
    """Without what is at `path` the element is nothing."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(message)
        self.path = path


class Report:
    """Gathers defects: the first ones in full, of the rest their number."""

    def __init__(self) -> None:
        self._told: list[Defect] = []
        self._more = self._more_fatal = 0

    def kept(self, path: str, message: str) -> None:
        """The element at `path` is kept, without what is wrong with it."""
        self._add(Defect(path, message, fatal=False))

    def left_out(self, path: str, message: str) -> None:
        """The element at `path` is left out."""
        self._add(Defect(path, message, fatal=True))

    def defects(self) -> tuple[Defect, ...]:
        """In the order in which they were met."""
        more = (Defect("", f"{self._more} more defects are not told one by one", fatal=self._more_fatal > 0),)
        return (*self._told, *(more if self._more else ()))

    def _add(self, defect: Defect) -> None:
        if len(self._told) < MOST:
            self._told.append(defect)
        else:
            self._more += 1
            self._more_fatal += defect.fatal
