"""The runbooks that the chart ships."""

import pytest

from forestall.api.base import API_VERSION
from forestall.api.runbook import Runbook, RunbookSpec
from tests.chart.rendering import Manifest, of_kind, render

NAMES = ("rollout-undo", "scale", "spread-replicas")


def shipped(name: str) -> Manifest:
    return of_kind(render(), "Runbook")[name]


def test_the_catalogue_is_complete() -> None:
    assert set(of_kind(render(), "Runbook")) == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_runbook_is_what_the_models_say_and_no_more(name: str) -> None:
    manifest = shipped(name)
    assert manifest["apiVersion"] == API_VERSION
    RunbookSpec.model_validate(manifest["spec"], extra="forbid")


@pytest.mark.parametrize("name", NAMES)
def test_a_runbook_says_when_to_use_it_and_when_not(name: str) -> None:
    spec = Runbook.model_validate(shipped(name)).spec
    assert min(len(spec.summary), len(spec.when_to_use), len(spec.when_not_to_use)) > 40


@pytest.mark.parametrize("name", NAMES)
def test_a_runbook_runs_its_own_action_as_its_own_account(name: str) -> None:
    manifests = render()
    (action,) = Runbook.model_validate(shipped(name)).spec.actions
    assert action.argv == (name,)
    assert action.service_account_name == f"forestall-action-{name}"
    assert action.service_account_name in of_kind(manifests, "ServiceAccount")


@pytest.mark.parametrize("name", NAMES)
def test_a_runbook_reads_what_it_writes(name: str) -> None:
    spec = Runbook.model_validate(shipped(name)).spec
    for written in spec.writes:
        assert any(f"{written}.".startswith(f"{read}.") for read in spec.reads), written


@pytest.mark.parametrize(
    ("name", "parameter", "bounds", "default"),
    [("scale", "replicas", (1, 100), None), ("spread-replicas", "max-skew", (1, 5), "1")],
)
def test_parameters_are_bounded(name: str, parameter: str, bounds: tuple[int, int], default: str | None) -> None:
    (found,) = Runbook.model_validate(shipped(name)).spec.parameters
    assert (found.name, found.type, found.default) == (parameter, "Integer", default)
    assert (found.minimum, found.maximum) == bounds
