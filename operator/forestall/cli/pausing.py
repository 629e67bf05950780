"""A person's stop: `pause` makes a RemediationPause, `resume` deletes it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from forestall.adapters.resources import PAUSES
from forestall.api.base import format_time
from forestall.api.remediationpause import RemediationPause
from forestall.cli.deciding import reasoned, who_am_i
from forestall.cli.failures import Exit, Failure
from forestall.cli.reading import checked_name, parsed, read_all
from forestall.cli.session import Session
from forestall.ports import Json, Kube


async def pause(kube: Kube, namespace: str, *, reason: str, stop: bool, until: datetime | None) -> RemediationPause:
    """Pause as oneself, `stop`ping running Jobs or not; returns the pause. Raises Failure for a bad reason."""
    spec: Json = {"level": "Stop" if stop else "Pause", "reason": reasoned(reason), "who": await who_am_i(kube)}
    body: Json = {
        "apiVersion": PAUSES.api_version,
        "kind": PAUSES.kind,
        "metadata": {"generateName": "pause-", "namespace": namespace},
        "spec": {**spec, **({"until": format_time(until)} if until else {})},
    }
    return parsed(RemediationPause, await kube.create(PAUSES, namespace, body))


async def resume(session: Session, kube: Kube, names: Sequence[str]) -> list[RemediationPause]:
    """Delete the pauses of these names, or the caller's own where none is given; returns them.

    Raises Failure where there is none to delete.
    """
    chosen = [checked_name(name, "pause's name") for name in names]
    found = await read_all(kube, PAUSES, RemediationPause, session.namespace, complain=session.screen.warn)
    me = "" if chosen else await who_am_i(kube)
    ended = [one for one in found if (one.metadata.name in chosen if chosen else one.spec.who == me)]
    _all_there(session.namespace, chosen, found, ended)
    for one in ended:
        await kube.delete(PAUSES, session.namespace, one.metadata.name)
    return ended


def end_of(now: datetime, length: timedelta) -> datetime:
    """When a pause of that length ends, to the second."""
    return (now + length).replace(microsecond=0)


def told(one: RemediationPause) -> str:
    """`pause-x (Stop, by ann, until …): a release`."""
    until = f", until {format_time(one.spec.until)}" if one.spec.until else ""
    return f"{one.metadata.name} ({one.spec.level}, by {one.spec.who}{until}): {one.spec.reason}"


def to_json(one: RemediationPause) -> Json:
    """The pause as its name and what it says."""
    return {"namespace": one.metadata.namespace, "name": one.metadata.name, **one.spec.to_json()}


def _all_there(
    namespace: str, chosen: Sequence[str], found: Sequence[RemediationPause], ended: Sequence[RemediationPause]
) -> None:
    missing = set(chosen) - {one.metadata.name for one in ended}
    if missing:
        raise Failure(Exit.ERROR, f"there is no pause {', '.join(sorted(missing))} in namespace {namespace}")
    if not ended:
        others = "; ".join(told(one) for one in found)
        remedy = f"name those of others to end them: {others}" if others else ""
        raise Failure(Exit.NOT_NOW, f"nothing in namespace {namespace} is paused by you", remedy)
