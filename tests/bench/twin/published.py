"""Networks that topohub publishes, as samples: distances are metrics, demands as published or one for each pair."""

from __future__ import annotations

import numpy as np
import topohub

from tests.bench.twin.networks import Sample


def published(name: str) -> Sample:
    """The network of that name, such as `sndlib/germany50`."""
    document = topohub.get(name)
    number = {str(node["id"]): place for place, node in enumerate(document["nodes"])}
    best: dict[tuple[int, int], int] = {}
    for edge in document["edges"]:
        one, other = sorted((number[str(edge["source"])], number[str(edge["target"])]))
        metric = max(1, round(edge["dist"]))
        if one != other:
            best[one, other] = min(metric, best.get((one, other), metric))
    tail, head = np.array(sorted(best)).T
    demand = np.zeros((len(number), len(number)))
    rows = document["graph"].get("demands") or {}
    for source, row in rows.items():
        for target, amount in row.items():
            demand[number[str(target)], number[str(source)]] += float(amount)
    if not rows:
        ends = [place for place, node in enumerate(document["nodes"]) if "Waypoint" not in str(node.get("type", ""))]
        demand[np.ix_(ends, ends)] = 1.0
    np.fill_diagonal(demand, 0.0)
    goals = np.flatnonzero(demand.sum(axis=1))
    return Sample(
        name=name,
        nodes=len(number),
        tail=tail,
        head=head,
        metric=np.array([best[link] for link in sorted(best)]),
        capacity=np.full(len(tail), 1e9),
        demand=demand[goals],
        destinations=goals,
        weight=np.ones(len(number)),
    )
