"""What is wrong with a topology, and with the documents that topologies are read from."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Defect:
    """Something that is not as it should be."""

    path: str
    """Where: a JSON pointer or the path of an XML element; of a topology the key of the element."""
    message: str
    """The field, and what to do about it."""
    fatal: bool
    """Whether the element at `path` was left out because of it."""
