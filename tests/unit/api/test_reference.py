"""Specification of the page that lists every field."""

from typing import Any

import pytest

from forestall.api import crds, reference

PAGE = reference.page([crds.definition(model) for model in crds.MODELS])
LINES = PAGE.splitlines()


def row(field: str) -> str:
    (found,) = [line for line in LINES if line.startswith(f"| `{field}` ")]
    return found


@pytest.mark.parametrize(
    ("field", "cells"),
    [
        ("spec.goals", "| list of objects, at most 64 |  | Targets that services of this namespace must meet. |"),
        ("spec.goals[].available.minReady", "| integer, 1 to 100000 | required |"),
        ("spec.inspections[].name", "| string | required |"),
        ("spec.inspections[].metric.for", "| duration | `0s` |"),
        ("spec.responses[].mode", "| `Observe` or `Propose` or `Open` | required |"),
        ("spec.riskLimits", "| object |  |"),
        ("spec.riskLimits.maxLiveLoad", "| number, at least 0 |  |"),
        ("spec.suspend", "| boolean | `false` |"),
        ("status.detectedAt", "| time |  |"),
        ("status.planDigest", "| digest |  |"),
        ("status.prediction.goals[].value", "| decimal |  |"),
        ("status.riskReasons", "| list of strings, at most 16 |  |"),
    ],
)
def test_a_field_stands_with_its_type_its_default_and_its_meaning(field: str, cells: str) -> None:
    assert row(field).startswith(f"| `{field}` {cells}")


def test_every_kind_has_its_names_its_fields_and_its_rules() -> None:
    assert [line for line in LINES if line.startswith("## ")] == [f"## {model.crd.kind}" for model in crds.MODELS]
    assert "Namespaced. kubectl knows it as `remediationplans`, `remediationplan`, `plan`, `plans`." in PAGE
    assert "Field selectors: `spec.type`, `status.state`, `status.severity`." in PAGE
    assert "- `spec.goals[]`: set exactly one of available, metric, reachable, capacity" in LINES
    assert "- `RemediationPlan`: a plan never loses its status" in LINES


def test_a_bar_in_a_text_does_not_end_the_cell() -> None:
    definition: Any = crds.definition(crds.MODELS[0])
    schema = definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    schema["properties"]["spec"]["properties"]["refresh"]["description"] = "this | that"
    assert "| this \\| that |" in reference.page([definition])
