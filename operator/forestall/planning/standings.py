"""How the steps of a plan for a network stand: whether people took them, and what came of them."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from decimal import Decimal
from typing import Literal

from forestall.api.base import Key
from forestall.api.networkplan import DemandChange, DemandEnds, HomingChange, NetworkPrediction, Status
from forestall.api.networkpolicy import ContingencyInspection
from forestall.api.prediction import Prediction, Score
from forestall.inspection.foresight import CLOSE
from forestall.inspection.measured import STEP
from forestall.inspection.report import cut, distinct
from forestall.planning.networks import State, demands_of, element_of, ends_of
from forestall.planning.traffic.remedies import homed
from forestall.twin.analyses.layers import down
from forestall.twin.analyses.routed import routed
from forestall.twin.topology import LINK, Topology
from forestall.twin.views import Snapshot

Standing = Literal["Before", "After", "Other"]


def realised(prediction: Prediction | None, asked: ContingencyInspection | None, snapshot: Snapshot) -> Score | None:
    """What was predicted of a change that people have carried out, held against the network as it is.

    None where it is not carried out, or not known. What is measured counts before what is computed.
    """
    network, topology = prediction.network if prediction else None, snapshot.topology
    if network is None or asked is None or any(now != "After" for now in _standings(network, topology)):
        return None
    try:
        state = State(topology, asked)
    except (KeyError, ValueError):
        return None
    said, came = network.after, state.figures()
    use = snapshot.loads.get(Key(LINK, asked.network, said.link), came.utilisation)
    facts = [
        ("demand without a way", said.lost_demand, came.lost_demand),
        ("losses that fail it", Decimal(said.failing), Decimal(came.failing)),
    ]
    wrong = [f"{what}: predicted {one}, is {other}" for what, one, other in facts if one != other]
    wrong += (
        [f"link {said.link}: predicted {said.utilisation}, is {use}"] if abs(said.utilisation - use) > CLOSE else []
    )
    error = abs(said.utilisation - use).quantize(STEP)
    return Score(matched=3 - len(wrong), total=3, error=error, message=cut("; ".join(wrong)))


def outdated(prediction: Prediction | None, snapshot: Snapshot) -> bool:
    """Whether something that was to be changed is gone, stands neither as before nor as after, or is out of service
    though its traffic was to leave it first.
    """
    network = prediction.network if prediction else None
    if network is None:
        return False
    stands = list(zip(network.changes, _standings(network, snapshot.topology), strict=True))
    hasty = any(one.status and now == "After" for one, now in stands)
    return any(now == "Other" or (hasty and one.metric is not None and now == "Before") for one, now in stands)


def _standings(network: NetworkPrediction, topology: Topology) -> Iterator[Standing]:
    """How each change stands in the network as it is."""
    metrics = {distinct(link.key.name): link.metric for link in topology.by_network.get(network.network, ())}
    dead = down(topology) if any(one.status for one in network.changes) else ()
    for one in network.changes:
        if one.metric is not None:
            yield _standing(one.metric.before, one.metric.after, metrics.get(one.metric.link))
        elif one.demand is not None:
            yield _standing(one.demand.before, one.demand.after, _ends_now(topology, network.network, one.demand))
        elif one.homing is not None:
            yield _homing_now(topology, network.network, one.homing)
        elif one.status is not None:
            yield _standing(one.status.before, one.status.after, _status_now(topology, one.status.element, dead))


def _standing(before: object, after: object, now: object) -> Standing:
    return "After" if now == after else "Before" if now == before else "Other"


def _ends_now(topology: Topology, network: str, change: DemandChange) -> DemandEnds | None:
    """Where the demand begins and ends. One that is gone counts as moved if there is one between the new ends: those
    that are measured are named by their ends.
    """
    found = {distinct(key.name): ends_of(one.source, one.target) for key, one in demands_of(topology, network)}
    return found.get(change.demand, change.after if change.after in found.values() else None)


def _homing_now(topology: Topology, network: str, change: HomingChange) -> Standing:
    """Whether demands are left to move. Fewer than told are under way; more than told are others than were judged.

    Where none is left, they have moved if any is homed at the new home: which ones cannot be told, as those that are
    measured are named by their ends, and come together there with others of the same ends.
    """
    node, home = (_node_of(topology, network, name) for name in (change.node, change.home))
    if home is None:
        return "Other"
    left = len(homed(topology, node, home)[0]) if node else 0
    if left:
        return "Before" if left <= change.demands else "Other"
    arrived, _ = homed(topology, home, node or home)
    return "After" if arrived else "Other"


def _node_of(topology: Topology, network: str, name: str) -> Key | None:
    """The node of a network that a plan names so."""
    return next((one.key for one in topology.nodes_of(network) if distinct(one.key.name) == name), None)


def _status_now(topology: Topology, element: str, dead: Collection[Key]) -> Status | None:
    """Whether an element is up; of a cable, both its links. None where there is none of that name."""
    key = element_of(topology, element)
    if key is None:
        return None
    given = routed(topology, key.namespace) if key in topology.links and key.namespace in topology.networks else None
    cable = given.cabling.cable.get(key) if given else None
    whole = given.links(cable) if given and cable is not None else (key,)
    return "Down" if any(one in dead for one in whole) else "Up"
