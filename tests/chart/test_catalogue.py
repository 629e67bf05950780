"""The runbooks that the chart ships."""

import pytest

from forestall.api.base import API_VERSION, Parameter
from forestall.api.runbook import Runbook, RunbookSpec
from forestall.planning.changes import PROPOSALS
from forestall.planning.runbooks import arguments, problem
from tests.chart.rendering import ACTIONS, NODE_ACTIONS, WITH_NODES, Manifest, of_kind, render
from tools import previous

SAMPLES = {
    "replicas": "3",
    "max-skew": "1",
    "container": "web",
    "resource": "limits.memory",
    "amount": "64",
    "port": "8080",
    "target-port": "http",
    "label": "app.kubernetes.io/name",
    "value": "web",
    "node": "worker-1.example.com",
    "key": "example.com/dedicated",
    "effect": "NoSchedule",
    "local-data": "Keep",
    "changes": "4",
    "element": "link/backbone/a-b",
    "metric": "65535",
    "demand": "a>b",
    "source": "",
    "target": "c",
    "home": "b",
}

NAMES = (*ACTIONS, *NODE_ACTIONS, *PROPOSALS)


@pytest.fixture(scope="module")
def whole() -> list[Manifest]:
    return render(*WITH_NODES)


@pytest.fixture(scope="module")
def catalogue(whole: list[Manifest]) -> dict[str, Manifest]:
    return of_kind(whole, "Runbook")


def test_the_catalogue_is_complete(catalogue: dict[str, Manifest]) -> None:
    assert set(catalogue) == set(NAMES)


def test_what_acts_on_nodes_is_shipped_only_where_it_is_asked_for() -> None:
    assert set(of_kind(render(), "Runbook")) == {*ACTIONS, *PROPOSALS}


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Manifest]:
    """The catalogue of the previous version, as it is without being asked for more."""
    folder = previous.unpack(tmp_path_factory.mktemp("previous"))
    return of_kind(render(chart=folder / "charts" / "forestall"), "Runbook")


@pytest.mark.parametrize("name", NAMES)
def test_a_runbook_that_has_changed_has_a_new_version_without_which_no_upgrade_would_be_let_in(
    name: str, catalogue: dict[str, Manifest], before: dict[str, Manifest]
) -> None:
    now, then = catalogue[name]["spec"], before.get(name, {"spec": {"version": ""}})["spec"]
    assert now == then or now["version"] != then["version"]


@pytest.mark.parametrize("name", NAMES)
def test_a_runbook_can_be_used_by_plans(name: str, catalogue: dict[str, Manifest]) -> None:
    assert problem(Runbook.model_validate(catalogue[name])) == ""


@pytest.mark.parametrize("name", NAMES)
def test_a_runbook_declares_what_its_effect_is_computed_from(name: str, catalogue: dict[str, Manifest]) -> None:
    spec = Runbook.model_validate(catalogue[name]).spec
    given = [Parameter(name=item.name, value=SAMPLES[item.name]) for item in spec.parameters]
    assert set(arguments(spec, given)) == {item.name for item in spec.parameters}


@pytest.mark.parametrize("name", NAMES)
def test_a_runbook_is_what_the_models_say_and_no_more(name: str, catalogue: dict[str, Manifest]) -> None:
    manifest = catalogue[name]
    assert manifest["apiVersion"] == API_VERSION
    RunbookSpec.model_validate(manifest["spec"], extra="forbid")


@pytest.mark.parametrize("name", NAMES)
def test_a_runbook_says_when_to_use_it_and_when_not(name: str, catalogue: dict[str, Manifest]) -> None:
    spec = Runbook.model_validate(catalogue[name]).spec
    assert min(len(spec.summary), len(spec.when_to_use), len(spec.when_not_to_use)) > 40


@pytest.mark.parametrize("name", PROPOSALS)
def test_what_people_carry_out_has_no_action(name: str, catalogue: dict[str, Manifest]) -> None:
    assert Runbook.model_validate(catalogue[name]).spec.by_people


@pytest.mark.parametrize("name", [*ACTIONS, *NODE_ACTIONS])
def test_a_runbook_runs_its_own_action_as_its_own_account(
    name: str, catalogue: dict[str, Manifest], whole: list[Manifest]
) -> None:
    (action,) = Runbook.model_validate(catalogue[name]).spec.actions
    assert action.argv == (name,)
    assert action.service_account_name == f"forestall-action-{name}"
    assert action.service_account_name in of_kind(whole, "ServiceAccount")


@pytest.mark.parametrize("name", NAMES)
def test_a_runbook_reads_what_it_writes(name: str, catalogue: dict[str, Manifest]) -> None:
    spec = Runbook.model_validate(catalogue[name]).spec
    for written in spec.writes:
        assert any(f"{written}.".startswith(f"{read}.") for read in spec.reads), written


@pytest.mark.parametrize(
    ("name", "parameter", "bounds", "default"),
    [
        ("scale", "replicas", (1, 100), None),
        ("spread-replicas", "max-skew", (1, 5), "1"),
        ("patch-resources", "amount", (1, 16_384), None),
        ("patch-service-port", "port", (1, 65_535), None),
    ],
)
def test_parameters_are_bounded(
    name: str, parameter: str, bounds: tuple[int, int], default: str | None, catalogue: dict[str, Manifest]
) -> None:
    parameters = Runbook.model_validate(catalogue[name]).spec.parameters
    (found,) = (item for item in parameters if item.name == parameter)
    assert (found.name, found.type, found.default) == (parameter, "Integer", default)
    assert (found.minimum, found.maximum) == bounds
