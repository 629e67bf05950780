"""Pictures as files."""

from __future__ import annotations

from pathlib import Path

from forestall.cli.failures import Exit, Failure
from forestall.cli.screen import Screen
from forestall.twin.picture import Marks, picture
from forestall.twin.topology import Topology


def write(screen: Screen, file: Path | None, topology: Topology, network: str, marks: Marks) -> None:
    """Write the picture where one was asked for."""
    if file is not None:
        write_text(file, picture(topology, network, marks))
        screen.line(f"picture: {file}")


def write_text(file: Path, text: str) -> None:
    """Write a file. Raises Failure where that cannot be."""
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        reason = error.strerror or str(error)
        raise Failure(Exit.USAGE, f"{file} cannot be written: {reason}", "name a file in a folder of yours") from error
