"""Runs a command of the plugin in this process, against a cluster in memory."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

from typer.testing import CliRunner, Result

from forestall.cli import app
from forestall.cli.session import World
from tests.unit.cli.cluster import Cluster

NOW = datetime(2026, 1, 5, 10, 12, 30, tzinfo=UTC)


Pause = Callable[[], Awaitable[None]]


class FixedClock:
    def now(self) -> datetime:
        return NOW


async def at_once() -> None:
    """A pause of no length."""


def run(cluster: Cluster, *args: str, attended: bool = False, answer: str = "", pause: Pause = at_once) -> Result:
    """Run `kubectl-forestall ARGS --namespace shop`; `answer` is what a person types when asked."""
    world = World(connect=cluster.connect, clock=FixedClock(), attended=lambda: attended, pause=pause)
    return CliRunner().invoke(app, [*args, "--namespace", "shop"], obj=world, input=answer)


def text_of(result: Result) -> str:
    """The results as text, without the spaces that only fill up a table's last column."""
    return "\n".join(line.rstrip() for line in result.stdout.splitlines()) + "\n"


def golden(name: str) -> str:
    """The text that a command is agreed to write."""
    return (Path(__file__).parent / "golden" / f"{name}.txt").read_text(encoding="utf-8")
