"""The Indexed Job of a scan: found again by its name, bounded, without rights, and with nothing of a person in it."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from forestall.api.base import Key
from forestall.inspection.scans import Scan, scan_of
from forestall.planning.job import MANAGED
from forestall.planning.scan_job import (
    ACCOUNT,
    POLICY,
    QUESTION,
    SCAN,
    SNAPSHOT,
    input_names,
    input_of,
    inputs,
    manifest,
    name_of,
    policy_of,
    question_of,
    topology_of,
)
from forestall.ports import Json
from tests.unit.twin.networks import BACKBONE, demand, ring

RING = ring("abcd", demand("a", "b", 1e9))
IMAGE = "forestall@sha256:1"
WATCH = Key("InspectionPolicy", "shop", "watch")


def asked(most: int = 30) -> Scan:
    found = scan_of(RING, BACKBONE, ("Node", "Link", "Pairs"), 1.0, most)
    assert found is not None
    return found


def job(scan: Scan | None = None, *, parallelism: int = 4, parts: int = 2) -> Json:
    return manifest(scan or asked(), WATCH, image=IMAGE, namespace="actions", parallelism=parallelism, parts=parts)


def test_whoever_asks_the_same_finds_the_same_job_and_nobody_else() -> None:
    name = name_of(asked(), WATCH, IMAGE)
    assert name == name_of(asked(), WATCH, IMAGE) == job()["metadata"]["name"]
    others = {
        name_of(replace(asked(), topology="another"), WATCH, IMAGE),
        name_of(replace(asked(), limit=0.5), WATCH, IMAGE),
        name_of(asked(most=20), WATCH, IMAGE),
        name_of(asked(), Key("InspectionPolicy", "shop", "other"), IMAGE),
        name_of(asked(), WATCH, "forestall@sha256:2"),
    }
    assert len(others - {name}) == 5


def test_a_job_says_whose_it_is_and_of_which_snapshot() -> None:
    metadata = job()["metadata"]
    assert metadata["labels"] == {MANAGED: "true", SCAN: metadata["name"]}
    assert metadata["annotations"] == {POLICY: "shop/watch", SNAPSHOT: RING.id}
    assert policy_of(job()) == WATCH


@pytest.mark.parametrize(("parallelism", "at_once"), [(1, 1), (4, 4), (9, 5)])
def test_shards_are_indexes_of_which_a_bounded_number_runs_and_none_ends_the_others(
    parallelism: int, at_once: int
) -> None:
    spec = job(parallelism=parallelism)["spec"]
    assert (spec["completionMode"], spec["completions"], spec["parallelism"]) == ("Indexed", 5, at_once)
    assert (spec["backoffLimitPerIndex"], spec["suspend"]) == (2, True)
    assert "backoffLimit" not in spec
    assert spec["activeDeadlineSeconds"] > 0
    assert spec["ttlSecondsAfterFinished"] > 0


def test_the_pod_is_restricted_and_reads_what_is_mounted() -> None:
    pod = job()["spec"]["template"]["spec"]
    assert (pod["serviceAccountName"], pod["restartPolicy"]) == (ACCOUNT, "Never")
    [container], [volume] = pod["containers"], pod["volumes"]
    assert container["command"] == ["python", "-m", "forestall.actions.scan"]
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    names = [one["configMap"]["name"] for one in volume["projected"]["sources"]]
    given = inputs(job()["metadata"]["name"], "uid", [b"one", b"two"])
    assert names == [one["metadata"]["name"] for one in given] == input_names(job())
    assert all(one["immutable"] and one["metadata"]["ownerReferences"][0]["uid"] == "uid" for one in given)


def test_what_the_kubelet_would_expand_is_not_in_the_question() -> None:
    told = job(replace(asked(), network="$(HOME)"))["spec"]["template"]["spec"]["containers"][0]["env"]
    [question] = [one["value"] for one in told if one["name"] == QUESTION]
    assert "$" not in question
    assert json.loads(question)["network"] == "$(HOME)"


def test_a_job_tells_its_question_to_who_would_put_it_so() -> None:
    assert question_of(job(), IMAGE) == asked()
    assert question_of(job(), "forestall@sha256:2") is None


@pytest.mark.parametrize("question", ["", "{", "[]", "null", "{}", '{"kinds": []}'])
def test_a_job_whose_question_cannot_be_read_has_none(question: str) -> None:
    body = job()
    [told] = [one for one in body["spec"]["template"]["spec"]["containers"][0]["env"] if one["name"] == QUESTION]
    told["value"] = question
    assert question_of(body, IMAGE) is None


def test_a_job_without_a_question_has_none() -> None:
    body = job()
    body["spec"]["template"]["spec"]["containers"] = []
    assert question_of(body, IMAGE) is None


def test_what_a_job_reads_is_the_topology_itself() -> None:
    parts = input_of(RING)
    assert not isinstance(parts, str)
    assert topology_of(parts).id == RING.id
    with pytest.raises(ValueError, match="cannot be unpacked"):
        topology_of([b"noise"])
