"""Losses examined all at once take the Services that they take when each is tried on a view of its own."""

from collections.abc import Mapping, Sequence

from hypothesis import given
from hypothesis import strategies as st

from forestall.api.base import Key
from forestall.ports import Json
from forestall.twin.analyses.sole_carriers import sole_carriers
from forestall.twin.live import Live
from tests.property.test_twin import NODES, SETTINGS, clusters


@st.composite
def zoned(draw: st.DrawFn) -> Sequence[Json]:
    """A cluster whose nodes are in zones and racks, as far as they say so."""
    objects = draw(clusters())
    for item in objects:
        if item["kind"] == "Node":
            for label in ("zone", "rack"):
                item["metadata"]["labels"] |= draw(st.sampled_from(({}, {label: "x"}, {label: "y"})))
    return objects


@SETTINGS
@given(zoned())
def test_each_loss_takes_what_it_takes_alone(objects: Sequence[Json]) -> None:
    live = Live({"zone": "zone", "rack": "rack"})
    for item in objects:
        live.apply(item["kind"], item)
    view = live.snapshot()
    losses = {Key("Node", "", name): frozenset((name,)) for name in NODES}
    losses |= {key: frozenset(one.name for one in group.members) for key, group in view.topology.groups.items()}
    tried: Mapping[Key, list[Key]] = {loss: [] for loss in losses}
    for loss, services in tried.items():
        after = view.potential().lose(loss)
        services += [key for key in view.services if view.ready_pods(key) and not after.ready_pods(key)]
    found = sole_carriers(view, losses)
    assert found == {loss: services for loss, services in tried.items() if services}
    assert [len(services) for services in found.values()] == sorted(map(len, found.values()), reverse=True)
