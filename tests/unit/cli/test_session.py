"""Each way of failing has its exit code and, where there is one, its remedy; and nothing but an exit code."""

import json

import pytest
from typer.core import TyperGroup
from typer.main import get_command
from typer.testing import CliRunner, Result

from forestall.cli import app
from forestall.cli.session import World
from forestall.ports import KubeError
from tests.unit.cli.cluster import Cluster
from tests.unit.cli.objects import plan
from tests.unit.cli.running import run


class Refusing(Cluster):
    def __init__(self, error: KubeError) -> None:
        super().__init__()
        self._error = error

    async def list(self, *args: object, **more: object) -> list[dict[str, object]]:
        raise self._error


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (KubeError(0, "Unreachable", "ClientConnectorError"), 1, "kubectl get --raw /readyz"),
        (KubeError(503, "ServiceUnavailable", "busy"), 1, "does not answer: busy"),
        (KubeError(404, "404", "404 page not found"), 1, "install the chart first"),
        (KubeError(429, "TooManyRequests", "slow down"), 1, "run the command again"),
        (KubeError(401, "Unauthorized", "Unauthorized"), 4, "log in again"),
        (KubeError(403, "Forbidden", "ann cannot list"), 4, "refused by the API server: ann cannot list"),
    ],
)
def test_what_the_server_says_becomes_an_exit_code_and_words(error: KubeError, code: int, words: str) -> None:
    result = run(Refusing(error), "plans", "-o", "json")
    assert result.exit_code == code
    assert words in result.stderr
    assert result.stdout == ""


def test_a_kubeconfig_that_leads_nowhere_is_an_error_with_a_remedy() -> None:
    async def connect(kubeconfig: str | None, context: str | None) -> Cluster:
        raise KubeError(0, "InvalidKubeconfig", "no such context")

    result = CliRunner().invoke(app, ["plans", "-n", "shop"], obj=World(connect=connect))
    assert result.exit_code == 1
    assert result.stderr.startswith("error: the kubeconfig leads to no cluster: no such context\nremedy: ")


@pytest.mark.parametrize("name", ["..", "a/b", "", "Upper", "a b", "-a"])
def test_a_name_that_no_object_can_have_is_never_sent(name: str) -> None:
    assert run(Cluster(), "show", "--", name).exit_code == 2


@pytest.mark.parametrize(
    "args", [("reject", "p"), ("approve",), ("plans", "--output", "xml"), ("dance",), ("plans", "--nope")]
)
def test_wrong_usage_has_its_own_code(args: tuple[str, ...]) -> None:
    assert run(Cluster(), *args).exit_code == 2


def invoke(*args: str) -> Result:
    return CliRunner().invoke(app, list(args), obj=World(connect=Cluster([plan("here")]).connect))


def test_common_options_stand_before_or_behind_the_command() -> None:
    before, behind = invoke("-n", "shop", "-o", "json", "plans"), invoke("plans", "-n", "shop", "-o", "json")
    assert json.loads(before.stdout) == json.loads(behind.stdout)
    assert [one["name"] for one in json.loads(before.stdout)["plans"]] == ["here"]


@pytest.mark.parametrize("args", [("--context", "far", "plans"), ("plans", "--context", "far")])
def test_the_context_is_that_of_the_option(args: tuple[str, ...]) -> None:
    cluster = Cluster()
    assert run(cluster, *args).exit_code == 0
    assert cluster.connected == (None, "far")


def test_the_option_behind_the_command_prevails() -> None:
    assert invoke("-n", "elsewhere", "plans", "-n", "shop").stdout.startswith("NAMESPACE")
    assert invoke("-n", "shop", "plans", "-n", "elsewhere").stdout == "no plans\n"


def commands() -> list[tuple[str, ...]]:
    """Every command, but the one that always writes JSON."""
    group = get_command(app)
    assert isinstance(group, TyperGroup)
    return [
        (name, *below)
        for name, found in group.commands.items()
        for below in (((inner,) for inner in found.commands) if isinstance(found, TyperGroup) else [()])
        if below != ("export",)
    ]


@pytest.mark.parametrize("command", commands(), ids=" ".join)
def test_every_command_can_answer_in_json(command: tuple[str, ...]) -> None:
    told = CliRunner().invoke(app, [*command, "--help"], obj=World(connect=Cluster().connect))
    assert "--output <table|json|yaml>" in told.stdout
