"""The loss of a node, and what two services that differ in one plan make of it."""

import json
import time
from collections.abc import Sequence

from tools.demo.outage import STEADY, Probe, Prober, longest_gap, steady
from tools.demo.stage import NODE_LOST, SHOP, UNWATCHED, Stage
from tools.demo.waiting import Stuck, await_value

SERVICES = ((SHOP, "orders"), (UNWATCHED, "orders-alone"))
"""The one that was spread, and its twin that nobody looked after."""


def lose_node(stage: Stage) -> Sequence[tuple[str, Sequence[Probe]]]:
    """Stop the node while both services are asked; return the requests to each, from before until both are back.

    Raises Stuck where the service that was spread was away no shorter than the other one.
    """
    stage.tell.chapter(f"{NODE_LOST} is lost")
    for namespace, name in SERVICES:
        stage.tell.say(f"{namespace}/{name} runs on {stage.nodes_of(namespace, name)}")
    with Prober({name: stage.address(namespace, name) for namespace, name in SERVICES}, stage.network) as prober:
        _await_steady(prober, since=0.0)
        stage.tell.say("both services are asked five times a second, from inside the cluster, and answer")
        stage.cluster.stop_node(NODE_LOST)
        stage.tell.say(f"{NODE_LOST} was stopped as by a power cut")
        _await_steady(prober, since=time.monotonic())
        stage.tell.say("both answer steadily again")
        watched, alone = ((name, prober.probes(name)) for _, name in SERVICES)
    if longest_gap(watched[1]) >= longest_gap(alone[1]):
        raise Stuck(f"{watched[0]} was away no shorter than {alone[0]}: the plan did not help")
    return watched, alone


def _await_steady(prober: Prober, since: float) -> None:
    """Wait until both services answer every request, of enough in a row that were made after `since`."""

    def both() -> bool | None:
        return all(steady(prober.probes(name), since) for _, name in SERVICES) or None

    def state() -> str:
        return json.dumps({name: [probe.ok for probe in prober.probes(name)[-STEADY:]] for _, name in SERVICES})

    await_value("both services to answer steadily", both, state=state)
