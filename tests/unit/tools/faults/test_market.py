"""The market is captured without what follows from other objects, and put back as it was captured."""

import json
import subprocess
from typing import Any, cast

import pytest

from forestall.api.base import GROUP
from tests.unit.tools.faults.bodies import FRONT, SPACE, changed, objects
from tools.demo.outage import Probe
from tools.demo.stage import Stage
from tools.faults.differences import Objects, Ref
from tools.faults.market import Market, longest_silence


class FakeCluster:
    """Serves kubectl from captured objects, one capture after the other."""

    def __init__(self, *captures: Objects) -> None:
        self._captures = list(captures)
        self.asked: list[tuple[str, ...]] = []

    def kubectl(self, *args: str) -> subprocess.CompletedProcess[str]:
        self.asked.append(args)
        return subprocess.CompletedProcess(args, 0, self._answer(args), "")

    def _answer(self, args: tuple[str, ...]) -> str:
        if args[0] == "api-resources":
            return "\n".join(("configmaps", "pods", "deployments.apps", "replicasets.apps", f"findings.{GROUP}"))
        if args[1] == "nodes":
            return json.dumps({"items": []})
        found = self._captures.pop(0) if len(self._captures) > 1 else self._captures[0]
        return json.dumps({"items": list(found.values())})


class FakeStage:
    """A stage on which commands are only noted."""

    def __init__(self, cluster: FakeCluster) -> None:
        self.cluster = cluster
        self.ran: list[tuple[tuple[str, ...], Any]] = []

    def kubectl(self, *args: str, manifest: str | None = None) -> str:
        self.ran.append((args, json.loads(manifest) if manifest else None))
        return ""


def market(*captures: Objects) -> tuple[Market, FakeStage]:
    stage = FakeStage(FakeCluster(*captures))
    return Market(cast("Stage", stage), SPACE, GROUP), stage


def test_what_is_derived_or_the_repairers_own_is_not_captured() -> None:
    found, stage = market(objects())
    assert found.objects() == objects()
    assert ("get", "configmaps,deployments.apps", "-n", SPACE, "-o", "json") in stage.cluster.asked


def test_what_was_changed_is_replaced_and_what_was_made_is_deleted() -> None:
    made = {"kind": "Secret", "metadata": {"name": "left", "namespace": SPACE}}
    now = {**changed(objects(), FRONT, "spec", "replicas", to=5), Ref("Secret", SPACE, "left"): made}
    found, stage = market(now, objects())
    assert found.restore(objects()) == []
    (replaced, body), (deleted, _) = stage.ran
    assert replaced == ("replace", "-f", "-")
    assert (body["spec"]["replicas"], "status" in body, "resourceVersion" in body["metadata"]) == (2, False, False)
    assert deleted == ("-n", SPACE, "delete", "Secret", "left")


def test_what_could_not_be_put_back_is_told() -> None:
    found, _ = market(changed(objects(), FRONT, "spec", "replicas", to=5))
    (told,) = found.restore(objects())
    assert told.startswith("undoing does not restore the baseline: Deployment front spec.replicas")


@pytest.mark.parametrize("name", ["front", "cart", "stock", "mail"])
def test_the_goals_are_those_of_the_policy(name: str) -> None:
    assert market(objects())[0].goals()[name] == 1


def probe(asked: float, ok: bool) -> Probe:
    return Probe(asked, asked + 0.1, ok)


def test_a_silence_counts_from_the_first_request_to_the_end_of_the_last() -> None:
    answers = [probe(0.0, True), probe(5.0, True), probe(6.0, True)]
    assert longest_silence(answers) == pytest.approx(5.0)
    assert longest_silence([*answers, probe(20.0, False)]) == pytest.approx(14.0)
    assert longest_silence([probe(-9.0, False), *answers]) == pytest.approx(9.1)


def test_a_service_that_never_answers_is_silent_all_the_time() -> None:
    assert longest_silence([probe(0.0, False), probe(60.0, False)]) == pytest.approx(60.1)
