"""Waits that say what they wait for, and that show how things stood when it did not come."""

from collections.abc import Callable
from typing import TypeVar

from tools.cluster.process import wait_until

T = TypeVar("T")

LONGEST = 240.0
"""Seconds after which the loop counts as stuck."""


class Stuck(Exception):  # noqa: N818 - the outcome of a demonstration, told to a person
    """The loop did not get where it should. The message says where it stands."""


def await_value(what: str, probe: Callable[[], T | None], *, state: Callable[[], str], timeout: float = LONGEST) -> T:
    """Return what `probe` finds as soon as that is not None.

    Raises Stuck after `timeout` seconds, with what `state` says then.
    """
    found: list[T] = []

    def seen() -> bool:
        value = probe()
        found.extend(() if value is None else (value,))
        return value is not None

    try:
        wait_until(what, seen, timeout=timeout, interval=0.25)
    except TimeoutError as error:
        raise Stuck(f"{error}, which did not come.\n{state()}") from error
    return found[0]
