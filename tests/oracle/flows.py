"""The least that the fullest link can be filled to if traffic may take any ways: what no metrics can beat."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import linprog

Reals = NDArray[np.float64]
Numbers = NDArray[np.int64]


def least_peak(tail: Numbers, head: Numbers, capacity: Reals, demand: Reals) -> float:
    """By linear programming: one flow to each destination, [nodes, nodes] `demand` to the first from the second.

    `tail`, `head` and `capacity` are [arcs].
    """
    arcs, nodes, places = len(tail), len(demand), np.arange(len(tail))
    goals, scale = np.flatnonzero(demand.sum(1)), demand.max()
    ends = np.concatenate([tail, head]), np.concatenate([places, places])
    out = sparse.csr_matrix((np.repeat([1.0, -1.0], arcs), ends), shape=(nodes, arcs))
    others = [np.arange(nodes) != goal for goal in goals]
    balance = sparse.block_diag([out[other] for other in others])
    offered = np.concatenate([demand[goal][other] for goal, other in zip(goals, others, strict=True)])
    found = linprog(
        np.append(np.zeros(arcs * len(goals)), 1.0),
        A_eq=sparse.hstack([balance, sparse.csr_matrix((balance.shape[0], 1))], format="csr"),
        b_eq=offered / scale,
        A_ub=sparse.hstack([sparse.eye(arcs)] * len(goals) + [sparse.csr_matrix(-capacity[:, None] / scale)]),
        b_ub=np.zeros(arcs),
        method="highs-ipm",
    )
    if found.status != 0:
        raise ArithmeticError(found.message)
    return float(found.fun)
