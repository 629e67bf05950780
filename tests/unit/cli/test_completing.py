"""Names are completed from the cluster; whatever goes wrong, nothing is offered."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from forestall.cli import app
from forestall.cli.completing import run
from forestall.cli.session import World
from forestall.ports import Json, KubeError
from tests.unit.cli.cluster import Cluster
from tests.unit.cli.objects import finding, plan, policy

OBJECTS = [plan("one"), plan("other", phase="Soaking"), finding("on-web"), policy("shop")]


def completions(cluster: Cluster, line: str) -> list[str]:
    """What a shell is offered at the end of a line."""
    env = {
        "_KUBECTL_FORESTALL_COMPLETE": "complete_fish",
        "_TYPER_COMPLETE_FISH_ACTION": "get-args",
        "_TYPER_COMPLETE_ARGS": f"kubectl-forestall {line}",
    }
    done = CliRunner().invoke(app, [], prog_name="kubectl-forestall", env=env, obj=World(connect=cluster.connect))
    return [item.partition("\t")[0] for item in done.stdout.split("\n") if item]


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("fi", ["findings"]),
        ("show -n shop ", ["one", "other"]),
        ("show -n shop ot", ["other"]),
        ("approve -n shop ", ["one"]),
        ("wait -n shop o", ["on-web", "one", "other"]),
        ("-n shop explain on-", ["on-web"]),
        ("readiness -n shop ", ["shop"]),
        ("resume -n shop ", []),
        ("plans --output ", ["table", "json", "yaml"]),
        ("readiness --for ", ["Observe", "Propose", "Open"]),
    ],
)
def test_what_can_stand_there_is_offered(line: str, offered: list[str]) -> None:
    assert completions(Cluster(OBJECTS), line) == offered


def test_names_are_those_of_the_namespace_and_context_on_the_line() -> None:
    cluster = Cluster(OBJECTS)
    assert completions(cluster, "show -n bank --context far ") == []
    assert cluster.connected == (None, "far")


class Refusing(Cluster):
    async def list(self, *args: Any, **more: Any) -> list[Json]:
        raise KubeError(403, "Forbidden", "ann cannot list")


def test_a_cluster_that_refuses_offers_nothing() -> None:
    assert completions(Refusing(OBJECTS), "show -n shop ") == []


def test_contexts_are_those_of_the_kubeconfig(tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_text(yaml.safe_dump({"contexts": [{"name": name, "context": {}} for name in ("prod", "test")]}))
    assert completions(Cluster(), f"plans --kubeconfig {path} --context ") == ["prod", "test"]
    assert completions(Cluster(), f"plans --kubeconfig {path} --context p") == ["prod"]
    path.write_text("a: [")
    assert completions(Cluster(), f"plans --kubeconfig {path} --context ") == []


@pytest.mark.parametrize(
    ("words", "first"),
    [(["fin"], "findings\t"), (["plans", "--outp"], "--output\t"), (["plans", "it's; $(x)"], ":4"), ([], "status\t")],
)
def test_kubectl_is_told_one_on_each_line_and_that_files_are_none(
    words: list[str], first: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("_KUBECTL_FORESTALL_COMPLETE", "_TYPER_COMPLETE_FISH_ACTION", "_TYPER_COMPLETE_ARGS"):
        monkeypatch.setenv(name, "")
    run(app, words)
    told = capsys.readouterr().out.splitlines()
    assert told[0].startswith(first)
    assert told[-1] == ":4"
    assert all(told)
