"""`python -m tools.faults [--only NAME,NAME] [--output json]`: the closure harness, and what it came to.

The exit code is 0 only if every fault was detected, at most one of them all was not closed in one hop, nothing unsafe
was done, and nothing at all where there was no fault.
"""

import argparse
import json
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stdout
from dataclasses import dataclass
from typing import TypeVar

from rich.console import Console

from tools.cluster import host, node_tier
from tools.demo.narration import Narration
from tools.demo.stage import Stage
from tools.faults.catalogue import CALM, FAULTS, Calm, Fault
from tools.faults.lane import FAILURES, Lane
from tools.faults.market import play
from tools.faults.outcomes import CalmOutcome, Outcome, Results, calm_table, faults_table, totals_line

ONE, TWO, QUIET = "market-one", "market-two", "market-calm"
"""Namespaces: two for faults side by side, one for what is no fault."""

WIDTH = 150
"""Columns that the tables take at least."""

T = TypeVar("T")
R = TypeVar("R")
NAMES = tuple(item.name for item in (*FAULTS, *CALM))


@dataclass(frozen=True)
class Work:
    """What is to be done: in which namespace what is tried, and what comes after all of it, alone in the first one."""

    faults: Mapping[str, Sequence[Fault]]
    calm: Sequence[Calm]
    after: Sequence[Fault]

    @property
    def namespaces(self) -> Sequence[str]:
        """The namespaces that have something to do."""
        first = {ONE} if self.after else set()
        return sorted(
            {place for place, faults in self.faults.items() if faults} | first | ({QUIET} if self.calm else set())
        )


def work(names: Collection[str]) -> Work:
    """Return what the names, of faults and of calm changes, come to."""
    faults = [one for one in FAULTS if one.name in names]
    lanes = {ONE: "one", TWO: "two"}
    return Work(
        {place: [one for one in faults if one.lane == lane] for place, lane in lanes.items()},
        [one for one in CALM if one.name in names],
        [one for one in faults if one.lane == "after"],
    )


def main(arguments: Sequence[str]) -> int:
    """Run the harness and return its exit code."""
    options = _options(arguments)
    console = Console(highlight=False, soft_wrap=True, stderr=options.output == "json")
    console.width = max(console.width, WIDTH)
    narration = Narration(console)
    try:
        # What is said while programs are built and nodes start is no part of the figures either.
        with redirect_stdout(console.file):
            results = run(narration, options.only)
    except FAILURES as error:
        notes = "\n".join([str(error), *getattr(error, "__notes__", ())])
        narration.fail(f"the harness failed after {narration.elapsed:.0f} s: {notes}")
        return 1
    tell(results, narration)
    if options.output == "json":
        print(json.dumps(results.to_json(), indent=1))
    return 0 if results.passed else 1


def run(narration: Narration, names: Collection[str]) -> Results:
    """Run what is named on a cluster of its own. Raises Stuck where the market itself does not come up."""
    reason = node_tier.unavailable()
    if reason:
        raise host.Missing(f"the harness breaks real pods on real nodes, and this machine cannot run any: {reason}")
    chosen = work(names)
    narration.chapter("A cluster of two real nodes, and forestall as its chart installs it")
    stage = Stage(narration, play(chosen.namespaces))
    with stage.cluster.up():
        for place in chosen.namespaces:
            stage.kubectl("create", "namespace", place)
        stage.install()
        stage.apply_twin()
        faults, calm = _tried(stage, chosen)
    return Results(faults, calm, narration.elapsed, whole=set(names) == set(NAMES))


def _tried(stage: Stage, chosen: Work) -> tuple[list[Outcome], list[CalmOutcome]]:
    lanes = {place: Lane(stage.aside(place), place) for place in chosen.namespaces}
    for place, lane in lanes.items():
        lane.open(with_large=place == ONE and bool(chosen.after))
    with ThreadPoolExecutor(len(lanes)) as pool:
        running = {
            place: pool.submit(_each, lanes[place].fault, found) for place, found in chosen.faults.items() if found
        }
        calm = pool.submit(_each, lanes[QUIET].calm, chosen.calm) if chosen.calm else None
        faults = [outcome for one in running.values() for outcome in one.result()]
        quiet = calm.result() if calm else []
    faults.extend(_each(lanes[ONE].fault, chosen.after))
    order = [one.name for one in FAULTS]
    return sorted(faults, key=lambda one: order.index(one.name)), quiet


def _each(act: Callable[[T], R], items: Sequence[T]) -> list[R]:
    return [act(item) for item in items]


def tell(results: Results, narration: Narration) -> None:
    """Show the tables and the totals."""
    narration.chapter("What it came to")
    for part in (faults_table(results.faults), calm_table(results.calm), totals_line(results)):
        narration.show(part)


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tools.faults", description="Break a sample application; see what is mended.")
    parser.add_argument("--only", type=_names, default=NAMES, metavar="NAME,...", help=f"of {', '.join(NAMES)}")
    parser.add_argument("--output", choices=("text", "json"), default="text")
    return parser.parse_args(arguments)


def _names(text: str) -> Sequence[str]:
    found = text.split(",")
    if unknown := set(found) - set(NAMES):
        raise argparse.ArgumentTypeError(f"unknown: {', '.join(sorted(unknown))}")
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
