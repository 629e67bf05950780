"""The page of metrics, made of what the operator serves.

`python -m forestall.runtime.metrics_page` writes it, with `--check` it says whether it is up to date.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, get_args

from forestall.api import pages
from forestall.api.finding import FindingClass, FindingState
from forestall.api.inspectionpolicy import Severity
from forestall.api.networktwin import Layer
from forestall.api.remediationpause import Level
from forestall.runtime.standing import STANDING
from forestall.runtime.telemetry import FATES, PARTS, Meter, Metrics

PAGE: Final = "docs/reference/metrics.md"

_CHECKOUT = Path(__file__).parents[3]


def _values(literal: Any) -> str:
    return ", ".join(f"`{value}`" for value in get_args(literal))


LABELS: Final[Mapping[str, str]] = {
    "about": "`plan`: one that was carried out; `fault`: a loss that had been examined before it came",
    "class": _values(FindingClass),
    "code": "HTTP status",
    "condition": "type of a condition of inspection policies",
    "fate": ", ".join(f"`{fate}`" for fate in FATES),
    "kind": "kind of the object",
    "layer": f"layer of the twin: {_values(Layer)}",
    "level": _values(Level),
    "part": f"{', '.join(f'`{part}`' for part in PARTS)}: found to approved, approved to acted, acted to verified",
    "phase": "phase of a plan: [plan-phases.md](plan-phases.md)",
    "result": "`ok`, `error`",
    "severity": _values(Severity),
    "source": "name of a source of the twin",
    "state": _values(FindingState),
    "status": "`True`, `False`, `Unknown`",
    "twin": "name of the NetworkTwin",
    "type": "type of a finding",
    "version": "version of forestall",
}
"""What each label holds. None takes a value for each object, but `twin` and `source`, of which a cluster has few."""


def meters() -> list[Meter]:
    """Everything that is served, by name."""
    return sorted((*Metrics().meters, *STANDING), key=lambda meter: meter.name)


def page() -> str:
    """The page as Markdown."""
    found = meters()
    used = sorted({label for meter in found for label in meter.labels})
    rows = "".join(f"{row}\n" for row in _rows(found))
    labels = "".join(f"| `{label}` | {LABELS[label]} |\n" for label in used)
    return f"{_HEAD}\n{rows}\n{_LABELS}{labels}\n{_TAIL}"


def _rows(found: Sequence[Meter]) -> Iterator[str]:
    for meter in found:
        labels = ", ".join(f"`{label}`" for label in meter.labels)
        yield f"| `{meter.name}` | {meter.kind} | {labels} | {meter.text} |"


_HEAD = """\
<!-- Made by `make crds` from operator/forestall/runtime. Change that. -->
# Metrics

The operator serves these at `/metrics` on port 8080. Every replica serves what it holds itself: of figures of state
take the `max`, of what is counted the `sum`. Rules and a dashboard that rest on them are in the chart: see
[monitoring.md](../guide/monitoring.md).

| Metric | Type | Labels | Meaning |
|---|---|---|---|"""
_LABELS = """\
## Labels

| Label | Values |
|---|---|
"""
_TAIL = """\
No label has a value for each policy, finding, plan or pod: the number of series does not grow with the cluster.
Beside these stand the process's own, such as `process_cpu_seconds_total` and `process_resident_memory_bytes`.
"""

if __name__ == "__main__":
    sys.exit(pages.main("forestall.runtime.metrics_page", _CHECKOUT / PAGE, page(), sys.argv[1:]))
