"""What is printed, and how: plain text, tables, diffs; colours on a terminal only; JSON or YAML for programs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any, TextIO

import yaml
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from forestall.cli.plain import plain

_UNBOUNDED = 100_000
"""Columns of an output that is no terminal: nothing is wrapped or cut where a program reads."""
_GOOD, _BAD, _PENDING = "green", "bold red", "yellow"
_STYLES: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("True", "yes", "Fulfilled", "Chosen", "Succeeded", "Success", "Holds"), _GOOD),
        **dict.fromkeys(
            ("False", "no", "NotFulfilled", "Rejected", "Failed", "Fails", "Failure", "High", "critical"), _BAD
        ),
        **dict.fromkeys(("Unknown", "PendingApproval", "Blocked", "Pending", "Inconclusive"), _PENDING),
    }
)
_DIFF_STYLES: Mapping[str, str] = MappingProxyType({"+": "green", "-": "red", "@": "cyan"})


class Screen:
    """Where a command writes. With `as_json` only JSON goes to `out`, and what is meant for people to `err`.

    With `as_yaml`, too, the same is written as YAML.
    """

    def __init__(self, out: TextIO, err: TextIO, *, as_json: bool, as_yaml: bool = False) -> None:
        self._out, self._as_yaml = out, as_yaml
        self._talk = _console(err if as_json else out)
        self._err = _console(err)
        self.as_json = as_json

    def json(self, value: object) -> None:
        """Write one document of JSON values."""
        text = yaml.safe_dump(value, sort_keys=False) if self._as_yaml else json.dumps(value, indent=2) + "\n"
        self._out.write(text)

    def raw(self, text: str) -> None:
        """Write a document that is made already, as it is."""
        self._out.write(text)

    @contextmanager
    def progress(self, text: str, total: int) -> Iterator[Callable[[int], None]]:
        """Tell how much is done of long work, on an error output that is a terminal. Call with how much more is."""
        with Progress(console=self._err, transient=True, disable=not self._err.is_terminal) as bar:
            task = bar.add_task(plain(text), total=total)
            yield lambda more: bar.advance(task, more)

    def heading(self, text: str) -> None:
        """Write a section's title after an empty line."""
        self._talk.print()
        self._talk.print(Text(plain(text), "bold"))

    def line(self, text: str, style: str = "") -> None:
        """Write one line, indented below its heading."""
        self._talk.print(Text(f"  {plain(text)}", style))

    def title(self, text: str, style: str = "") -> None:
        """Write one line at the margin."""
        self._talk.print(Text(plain(text), style))

    def command(self, text: str) -> None:
        """Write a command to be copied: never wrapped."""
        self._talk.print(Text(f"  {plain(text)}", "bold"), soft_wrap=True)

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """Write rows below column titles. Long cells fold on a terminal; nothing is ever cut."""
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
        for column in columns:
            table.add_column(column, overflow="fold")
        for row in rows:
            table.add_row(*(Text(plain(cell), _STYLES.get(cell, "")) for cell in row))
        self._talk.print(table)

    def diff(self, text: str) -> None:
        """Write a unified diff. Nothing but a line feed ends a line."""
        for line in text.removesuffix("\n").split("\n"):
            self._talk.print(Text(f"  {plain(line)}", _DIFF_STYLES.get(line[:1], "")), soft_wrap=True)

    def warn(self, text: str) -> None:
        """Write a warning, to the error output."""
        self._err.print(Text(f"warning: {plain(text)}", "yellow"))

    def error(self, message: str, remedy: str) -> None:
        """Write why the command fails and what to do about it, to the error output."""
        self._err.print(Text(f"error: {plain(message)}", "red"))
        if remedy:
            self._err.print(Text(f"remedy: {plain(remedy)}"), soft_wrap=True)


def _console(file: TextIO) -> Console:
    terminal = file.isatty()
    settings: dict[str, Any] = {} if terminal else {"width": _UNBOUNDED}
    return Console(file=file, force_terminal=terminal, markup=False, emoji=False, highlight=False, **settings)
