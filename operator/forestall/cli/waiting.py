"""`wait`: until a plan or a finding stands where a script needs it to be."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import get_args

from forestall.api.base import format_duration, parse_duration
from forestall.api.finding import Finding, FindingState
from forestall.api.remediationplan import TERMINAL, Phase
from forestall.cli.failures import Exit, Failure
from forestall.cli.following import Pause, follow, see_why, standing_of
from forestall.cli.reading import Item, read_item
from forestall.cli.session import Session
from forestall.ports import Kube


async def wait(session: Session, kube: Kube, name: str, wanted: Sequence[str], longest: str) -> Item:
    """Wait until the plan, or else the finding, of that name stands at one of `wanted`; returns it.

    Raises Failure where it cannot get there any more, or has not after `longest`, a duration as text
    (empty: there is no limit).
    """
    pause = _limited(session, duration(longest)) if longest else session.world.pause
    item = await read_item(kube, session.namespace, name)
    if isinstance(item, Finding):
        _known(wanted, get_args(FindingState), f"finding {name}")
        return await follow(kube, session.screen, item, pause, lambda one: one.status.state in wanted)
    _known(wanted, get_args(Phase), f"plan {name}")
    ended = await follow(kube, session.screen, item, pause, lambda one: one.status.phase in {*wanted, *TERMINAL})
    if ended.status.phase not in wanted:
        raise Failure(Exit.NOT_SUCCEEDED, f"plan {name} ended as {ended.status.phase}", see_why(ended))
    return ended


def to_json(item: Item) -> dict[str, object]:
    """Which object it is, and where it stands."""
    meta = item.metadata
    return {"kind": item.crd.kind, "namespace": meta.namespace, "name": meta.name, "standing": standing_of(item)}


def duration(text: str) -> timedelta:
    """`5m` as a timedelta. Raises Failure for what is none."""
    try:
        found = parse_duration(text)
    except ValueError as error:
        raise Failure(Exit.USAGE, str(error)) from error
    if not isinstance(found, timedelta):
        raise TypeError(text)
    return found


def _limited(session: Session, timeout: timedelta) -> Pause:
    """The pause between two looks, as long as there is time left."""
    deadline = session.world.clock.now() + timeout

    async def pause() -> None:
        if session.world.clock.now() >= deadline:
            raise Failure(Exit.NOT_SUCCEEDED, f"it did not get there within {format_duration(timeout)}")
        await session.world.pause()

    return pause


def _known(wanted: Sequence[str], known: Collection[str], what: str) -> None:
    for one in wanted:
        if one not in known:
            raise Failure(Exit.USAGE, f"{what} is never {one}", f"one of {', '.join(known)}")
