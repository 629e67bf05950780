"""What the demonstration reads from findings, plans and documents."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from forestall.api.finding import Finding
from forestall.api.networkplan import MetricChange
from forestall.api.remediationplan import RemediationPlan
from tools.demo.waiting import Stuck

OBJECTION = re.compile(
    r"link (?P<link>\S+) carries (?P<use>\S+) of its capacity when (?P<loss>\S+) is lost, with (?P<changes>.+)"
)
CHANGE = re.compile(r"link (?P<link>\S+): metric (?P<before>\d+) -> (?P<after>\d+)")
METRICS = "ietf-l3-unicast-topology:l3-link-attributes"
LINKS = "ietf-network-topology:link"


@dataclass(frozen=True)
class Objection:
    """What speaks against a change of metrics."""

    link: str
    """The link that would be too full,"""
    use: float
    """so full,"""
    lost: str
    """once this link fails,"""
    changes: tuple[tuple[str, int], ...]
    """with these metrics, by link."""


def objection(plan: RemediationPlan) -> Objection:
    """Return what spoke against the candidate that was rejected for a link that a loss would overload.

    Raises Stuck where no candidate was.
    """
    for candidate in plan.status.candidates:
        found = OBJECTION.fullmatch(candidate.counterexample) if candidate.verdict == "Rejected" else None
        if found:
            changes = tuple((one["link"], int(one["after"])) for one in CHANGE.finditer(found["changes"]))
            return Objection(found["link"], float(found["use"]), found["loss"].rpartition("/")[2], changes)
    told = [f"{one.runbook}: {one.verdict} {one.counterexample}" for one in plan.status.candidates]
    raise Stuck(f"no candidate was rejected because it would overload a link: {'; '.join(told)}")


def fact(finding: Finding, beginning: str) -> str:
    """Return the evidence that begins so, with its value. Raises Stuck where the finding has none."""
    told = finding.status.evidence
    for one in told:
        if one.message.startswith(beginning) and one.value is not None:
            return f"{one.message}: {one.value:,.2f}"
    raise Stuck(f"{finding.metadata.name} does not say '{beginning}': {'; '.join(one.message for one in told)}")


def with_metrics(document: str, changes: Sequence[MetricChange]) -> str:
    """Return an RFC 8345 document with other metrics. Raises KeyError for a link that it does not have."""
    whole = json.loads(document)
    links = {
        link["link-id"]: link
        for network in whole["ietf-network:networks"]["network"]
        for link in network.get(LINKS, ())
    }
    for change in changes:
        links[change.link][METRICS]["metric1"] = str(change.after)
    return json.dumps(whole, indent=1)


def proved(plan: RemediationPlan) -> None:
    """Make sure that all that was predicted of the plan came true. Raises Stuck where it did not, or was not scored."""
    score = plan.status.score
    if score is None or not score.total or score.matched < score.total:
        told = f"{score.matched} of {score.total} right: {score.message}" if score else "not scored"
        raise Stuck(f"the prediction of plan {plan.metadata.name} did not come true: {told}")
