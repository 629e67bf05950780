"""Questions about networks, each answered with a verdict and what speaks against it.

Every answer names the topology that it was asked of and what the model leaves out. The same topology gives the same
answer to the last bit. Elements are named by their keys, networks by their ids.
"""

from forestall.twin.analyses.answers import Answer, Verdict
from forestall.twin.analyses.contingency import contingency, examine, merge
from forestall.twin.analyses.outcomes import Contingency, Counts, Culprit, Outcome, Overload, Partial, Today, WorstCase
from forestall.twin.analyses.reachability import CutOff, Reachability, reachability
from forestall.twin.analyses.routed import only_network
from forestall.twin.analyses.scenarios import Kind, Scenario, Scenarios, scenarios, scenarios_of
from forestall.twin.analyses.single_points import SinglePoints, single_points, single_points_from

__all__ = [
    "Answer",
    "Contingency",
    "Counts",
    "Culprit",
    "CutOff",
    "Kind",
    "Outcome",
    "Overload",
    "Partial",
    "Reachability",
    "Scenario",
    "Scenarios",
    "SinglePoints",
    "Today",
    "Verdict",
    "WorstCase",
    "contingency",
    "examine",
    "merge",
    "only_network",
    "reachability",
    "scenarios",
    "scenarios_of",
    "single_points",
    "single_points_from",
]
