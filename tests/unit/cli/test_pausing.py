"""`pause` makes a pause in the caller's own name; `resume` ends the caller's own, and others' by name."""

import json

import pytest

from forestall.ports import Json, KubeError
from tests.unit.cli.cluster import ME, Cluster
from tests.unit.cli.objects import meta
from tests.unit.cli.running import run


def pause(name: str, who: str = ME, namespace: str = "shop") -> Json:
    spec = {"level": "Pause", "reason": "a release", "who": who}
    return {"kind": "RemediationPause", "metadata": {**meta(name), "namespace": namespace}, "spec": spec}


def pauses(cluster: Cluster) -> list[tuple[str, str]]:
    return [(namespace, name) for _, namespace, name in cluster.objects]


def test_a_pause_bears_the_callers_name_and_reason() -> None:
    cluster = Cluster()
    result = run(cluster, "pause", "--reason", "a release")
    assert result.exit_code == 0
    (made,) = cluster.objects.values()
    assert made["spec"] == {"level": "Pause", "reason": "a release", "who": ME}
    assert "kubectl forestall resume pause-x --namespace shop" in result.stdout


def test_a_stop_suspends_what_runs_and_may_end_by_itself() -> None:
    cluster = Cluster()
    result = run(cluster, "pause", "--reason", "smoke", "--stop", "--for", "1h30m", "-o", "json")
    said = {"level": "Stop", "reason": "smoke", "until": "2026-01-05T11:42:30Z", "who": ME}
    assert json.loads(result.stdout) == {"namespace": "shop", "name": "pause-x", **said}


@pytest.mark.parametrize("args", [(), ("--reason", " "), ("--reason", "x", "--for", "soon")])
def test_a_pause_without_a_reason_or_with_no_real_length_is_wrong_usage(args: tuple[str, ...]) -> None:
    cluster = Cluster()
    assert run(cluster, "pause", *args).exit_code == 2
    assert cluster.objects == {}


def test_who_may_not_pause_is_told_in_the_servers_words() -> None:
    cluster = Cluster()
    cluster.refusal = KubeError(403, "Forbidden", "ann cannot create resource remediationpauses")
    result = run(cluster, "pause", "--reason", "x")
    assert result.exit_code == 4
    assert "ann cannot create" in result.stderr


def test_resume_ends_the_callers_own_pauses_of_the_namespace() -> None:
    cluster = Cluster([pause("mine"), pause("also-mine"), pause("hers", "eve"), pause("mine", namespace="other")])
    result = run(cluster, "resume", "-o", "json")
    assert result.exit_code == 0
    assert [one["name"] for one in json.loads(result.stdout)["resumed"]] == ["also-mine", "mine"]
    assert pauses(cluster) == [("shop", "hers"), ("other", "mine")]


def test_another_persons_pause_is_ended_by_its_name_only() -> None:
    cluster = Cluster([pause("hers", "eve")])
    silent = run(cluster, "resume")
    assert silent.exit_code == 3
    assert "hers (Pause, by eve): a release" in silent.stderr
    assert run(cluster, "resume", "hers").exit_code == 0
    assert pauses(cluster) == []


def test_a_name_that_is_no_pause_ends_none() -> None:
    cluster = Cluster([pause("mine")])
    assert run(cluster, "resume", "mine", "other").exit_code == 1
    assert pauses(cluster) == [("shop", "mine")]
