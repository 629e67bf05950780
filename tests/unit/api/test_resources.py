"""Specification of the kinds: what is read is what is written, and a later version's fields are no error."""

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml

from forestall.api.base import API_VERSION, Resource
from forestall.api.crds import MODELS
from forestall.api.finding import Finding
from forestall.api.remediationplan import TERMINAL, RemediationPlan
from tests.unit.api import samples

EXAMPLES = sorted((Path(__file__).parents[3] / "examples").glob("*.yaml"))
KINDS = {model.crd.kind: model for model in MODELS}


def with_strangers(value: Any) -> Any:
    """`value` with an unknown field in every object."""
    if isinstance(value, dict):
        return {**{name: with_strangers(child) for name, child in value.items()}, "laterVersion": {"x": 1}}
    return [with_strangers(child) for child in value] if isinstance(value, list) else value


def status_of(model: type[Resource]) -> Any:
    return model.model_fields["status"].annotation


@pytest.mark.parametrize("model", MODELS, ids=KINDS)
def test_a_full_status_is_written_as_it_was_read(model: type[Resource]) -> None:
    wire = samples.status(model)
    assert status_of(model).model_validate(wire).to_json() == wire


@pytest.mark.parametrize("model", MODELS, ids=KINDS)
def test_unknown_fields_at_any_depth_are_passed_over(model: type[Resource]) -> None:
    wire = samples.status(model)
    assert status_of(model).model_validate(with_strangers(deepcopy(wire))).to_json() == wire


@pytest.mark.parametrize("model", MODELS, ids=KINDS)
def test_an_object_without_a_status_has_an_empty_one(model: type[Resource]) -> None:
    assert status_of(model).model_validate({}) == model.model_fields["status"].default


@pytest.mark.parametrize("path", EXAMPLES, ids=[path.stem for path in EXAMPLES])
def test_an_example_says_only_what_the_models_know_and_means_the_same_when_written(path: Path) -> None:
    example = yaml.safe_load(path.read_text())
    model = KINDS[example["kind"]]
    read = model.model_validate(example)
    written = read.to_json()
    assert example["apiVersion"] == API_VERSION
    assert_contained(example["spec"], written["spec"])
    assert model.model_validate(written) == read


def assert_contained(part: Any, whole: Any) -> None:
    """Everything in `part` stands in `whole`, which may say more."""
    if isinstance(part, dict):
        assert part.keys() <= whole.keys()
        for name, child in part.items():
            assert_contained(child, whole[name])
    elif isinstance(part, list):
        assert len(part) == len(whole)
        for mine, theirs in zip(part, whole, strict=True):
            assert_contained(mine, theirs)
    else:
        assert part == whole


def test_there_are_examples_of_what_people_write() -> None:
    assert {path.stem for path in EXAMPLES} >= {"twin", "policy", "observe"}


def test_the_class_of_a_finding_goes_by_its_own_name() -> None:
    assert samples.status(Finding)["class"] == "Risk"


def test_every_terminal_phase_is_in_the_rule_that_makes_it_absorb() -> None:
    schema = RemediationPlan.model_json_schema()["$defs"]["RemediationPlanStatus"]["properties"]["phase"]
    (rule,) = schema["x-kubernetes-validations"]
    assert {phase for phase in schema["enum"] if f"'{phase}'" in rule["rule"]} == TERMINAL
