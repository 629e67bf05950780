"""`ledger`: its chain verified, its rows exported, a file of it copied."""

from __future__ import annotations

import asyncio
import json
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from pathlib import Path

from forestall.adapters.ledger.opening import SERVERS, open_ledger
from forestall.adapters.ledger.sqlite import SqliteLedger
from forestall.cli.failures import Exit, Failure
from forestall.cli.screen import Screen
from forestall.cli.session import Output, offline
from forestall.closure import chain
from forestall.ports import Ledger, LedgerError, Row

_NO_LEDGER = "run it in the operator's pod, or name the ledger with --ledger"


def run(work: Callable[[Screen], None], output: Output) -> None:
    """Do `work`; a failure is printed and becomes the exit code."""

    def told(screen: Screen) -> None:
        try:
            work(screen)
        except LedgerError as error:
            raise Failure(Exit.ERROR, str(error)) from error

    offline(told, output)


def verify(screen: Screen, address: str, exported: Path | None) -> None:
    """Say that the chain holds and where it ends. Raises Failure naming the first row that does not hold."""
    last = _last(exported_rows(exported) if exported else _rows(address))
    screen.title(f"{last.seq} rows hold; the last one's hash is {last.hash}" if last else "there are no rows")
    if screen.as_json:
        screen.json({"rows": last.seq if last else 0, "hash": last.hash if last else None})


def export(address: str) -> None:
    """Write every row as a line of JSON."""
    for row in _rows(address):
        sys.stdout.write(chain.canonical(chain.to_json(row)) + "\n")


def back_up(screen: Screen, address: str, target: Path) -> None:
    """Copy the ledger's file. Raises Failure where it is none."""
    _copy(screen, _file(address), target)


def restore(screen: Screen, backup: Path, address: str) -> None:
    """Copy a backup whose chain holds to where the ledger belongs. Raises Failure where that is no file."""
    target = _file(address)
    _last(_rows(str(backup)))
    _copy(screen, backup, target)


def _copy(screen: Screen, source: Path, target: Path) -> None:
    asyncio.run(SqliteLedger(source).copy_to(target))
    screen.title(f"{source} is copied to {target}")
    if screen.as_json:
        screen.json({"from": str(source), "to": str(target)})


def _file(address: str) -> Path:
    if _named(address).startswith(SERVERS):
        raise Failure(Exit.USAGE, "the ledger is no file", "use pg_dump and pg_restore for the table ledger")
    return Path(address)


def verified(rows: Iterable[Row]) -> Iterator[Row]:
    """The rows, while their chain holds. Raises Failure at the first row that does not."""
    for link in chain.links(rows):
        if isinstance(link, chain.Break):
            remedy = "what stands behind it is not to be trusted: compare it with a backup or an export"
            raise Failure(Exit.ERROR, f"row {link.seq} does not hold: {link.problem}", remedy)
        yield link


def _last(rows: Iterable[Row]) -> Row | None:
    """The last row of a chain that holds; None where there is no row. Raises Failure where it does not hold."""
    return next(iter(deque(verified(rows), maxlen=1)), None)


def exported_rows(path: Path) -> Iterator[Row]:
    """The rows of an exported ledger; `-` is the standard input. Raises Failure naming the line."""
    try:
        with nullcontext(sys.stdin) if str(path) == "-" else path.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                yield _parsed(line, f"{path}, line {number}")
    except OSError as error:
        raise Failure(Exit.USAGE, f"{path} cannot be read: {error.strerror}") from error


def _parsed(line: str, where: str) -> Row:
    try:
        return chain.from_json(json.loads(line))
    except ValueError as error:
        raise Failure(Exit.ERROR, f"{where}: {error}", "export the ledger anew") from error


def _rows(address: str) -> Iterator[Row]:
    ledger, after = open_ledger(_named(address)), 0
    while page := asyncio.run(_page(ledger, after)):
        yield from page
        after = page[-1].seq


async def _page(ledger: Ledger, after: int) -> list[Row]:
    return list(await ledger.rows(after))


def _named(address: str) -> str:
    if not address:
        raise Failure(Exit.USAGE, "no ledger is named", _NO_LEDGER)
    return address
