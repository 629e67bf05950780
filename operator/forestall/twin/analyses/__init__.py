"""Questions about networks, each answered with a verdict and what speaks against it.

Every answer names the topology that it was asked of and what the model leaves out. The same topology gives the same
answer to the last bit. Elements are named by their keys, networks by their ids.
"""

from forestall.twin.analyses.answers import Answer, Verdict
from forestall.twin.analyses.backups import Backup, BadReroute, backup
from forestall.twin.analyses.blast import Blast, BlastRadii, BlastRadius, blast_radii, blast_radius
from forestall.twin.analyses.cascade import Cascade, Round, cascade
from forestall.twin.analyses.changes import Change, Maintenance, Moment, maintenance, what_if
from forestall.twin.analyses.contingency import contingency, examine, merge
from forestall.twin.analyses.crossing import Crossing, Crossings, crossings
from forestall.twin.analyses.edits import (
    AddLink,
    Edit,
    MoveDemand,
    PutIn,
    RemoveLink,
    Resize,
    ScaleDemands,
    SetMetric,
    TakeOut,
    edited,
)
from forestall.twin.analyses.outcomes import Contingency, Counts, Culprit, Outcome, Overload, Partial, Today, WorstCase
from forestall.twin.analyses.partials import partial_from_json, partial_to_json
from forestall.twin.analyses.prediction import Prediction, predict
from forestall.twin.analyses.protection import CommonRisk, Member, Protection, ProtectionGroup, protection
from forestall.twin.analyses.reachability import CutOff, Reachability, reachability
from forestall.twin.analyses.risks import SharedRisk, SharedRisks, shared_risks
from forestall.twin.analyses.routed import only_network
from forestall.twin.analyses.scenarios import Kind, Scenario, Scenarios, scenarios, scenarios_of
from forestall.twin.analyses.single_points import SinglePoints, single_points, single_points_from

__all__ = [
    "AddLink",
    "Answer",
    "Backup",
    "BadReroute",
    "Blast",
    "BlastRadii",
    "BlastRadius",
    "Cascade",
    "Change",
    "CommonRisk",
    "Contingency",
    "Counts",
    "Crossing",
    "Crossings",
    "Culprit",
    "CutOff",
    "Edit",
    "Kind",
    "Maintenance",
    "Member",
    "Moment",
    "MoveDemand",
    "Outcome",
    "Overload",
    "Partial",
    "Prediction",
    "Protection",
    "ProtectionGroup",
    "PutIn",
    "Reachability",
    "RemoveLink",
    "Resize",
    "Round",
    "ScaleDemands",
    "Scenario",
    "Scenarios",
    "SetMetric",
    "SharedRisk",
    "SharedRisks",
    "SinglePoints",
    "TakeOut",
    "Today",
    "Verdict",
    "WorstCase",
    "backup",
    "blast_radii",
    "blast_radius",
    "cascade",
    "contingency",
    "crossings",
    "edited",
    "examine",
    "maintenance",
    "merge",
    "only_network",
    "partial_from_json",
    "partial_to_json",
    "predict",
    "protection",
    "reachability",
    "scenarios",
    "scenarios_of",
    "shared_risks",
    "single_points",
    "single_points_from",
    "what_if",
]
