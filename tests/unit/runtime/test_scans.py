"""Scans by Jobs: begun once, found again, added up with every gap named, and removed when nobody wants them."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from forestall.adapters.resources import CONFIG_MAPS, JOBS, PODS, POLICIES
from forestall.api.base import Key, format_time
from forestall.inspection.scans import NOT_BEGUN, Scan, Standing, examined, wanted
from forestall.planning.parcels import packed
from forestall.planning.scan_job import SCAN, input_names, input_of, inputs, manifest, name_of, result
from forestall.ports import Json, KubeError
from forestall.runtime import intake, scans
from forestall.twin.analyses import contingency as all_of
from forestall.twin.analyses import partial_to_json, scenarios
from forestall.twin.topology import Topology
from tests.unit.inspection.networked import RING, contingency, watch
from tests.unit.runtime.instant import run
from tests.unit.runtime.scene import SETTINGS, World
from tests.unit.twin.networks import BACKBONE, demand, ring

TIGHT = RING.with_demands([demand("a", "b", 7e9)])
ACTIONS, MOST = SETTINGS.action_namespace, 30
POLICY = watch(inspections=[contingency("Node", "Link", "Pairs")])


def asked(topology: Topology) -> Scan:
    [scan] = wanted(POLICY, topology, MOST)
    return scan


def name(topology: Topology) -> str:
    return name_of(asked(topology), POLICY.key, SETTINGS.action_image)


ASKED, NAME = asked(TIGHT), name(TIGHT)
BUSIER, BUSIEST = (TIGHT.with_demands([demand("a", "b", amount)]) for amount in (8e9, 9e9))
"""The same network, of which other values were measured: the same losses are asked about."""


class Desk:
    """An operator in memory that is asked for scans."""

    def __init__(self, world: World | None = None) -> None:
        self.world = world or World()
        self.world.context.settings = replace(SETTINGS, scan_limit=MOST)

    async def again(self) -> Desk:
        """Another process over the same cluster, which has heard of all Jobs."""
        fresh = World()
        fresh.kube = fresh.context.kube = fresh.context.unfenced = self.world.kube
        fresh.clock = fresh.context.clock = self.world.clock
        for job in await fresh.kube.list(JOBS, ACTIONS):
            intake.job_changed(fresh.context, job)
        return Desk(fresh)

    async def pursue(self, topology: Topology = TIGHT) -> Standing:
        found = await scans.pursue(self.world.context, POLICY, topology)
        [standing] = found.standing.values()
        return standing

    async def job(self, topology: Topology = TIGHT) -> Json:
        return await self.world.kube.get(JOBS, ACTIONS, name(topology))

    async def names(self) -> set[str]:
        return {one["metadata"]["name"] for one in await self.world.kube.list(JOBS, ACTIONS)}

    async def reported(self, topology: Topology = TIGHT, *, ended: str = "", **status: Any) -> None:
        """The Job's controller says so, and it is heard."""
        end = {"type": ended, "status": "True", "lastTransitionTime": format_time(self.world.clock.now())}
        body = {**await self.job(topology), "status": {**status, "conditions": [end] if ended else []}}
        intake.job_changed(self.world.context, self.world.kube.put(JOBS, body))

    async def wrote(self, *shards: int, topology: Topology = TIGHT) -> None:
        """These shards have said what they found."""
        uid = (await self.job(topology))["metadata"]["uid"]
        for shard in shards:
            [part] = packed(json.dumps(partial_to_json(examined(topology, asked(topology), shard))))
            self.put(result(name(topology), uid, shard, part))

    async def finished(self, topology: Topology = TIGHT) -> None:
        """All of it has been examined."""
        await self.wrote(*range(5), topology=topology)
        await self.reported(topology, ended="Complete", succeeded=5)

    def put(self, body: Json) -> None:
        self.world.kube.put(CONFIG_MAPS, {**body, "metadata": {**body["metadata"], "namespace": ACTIONS}})

    def made(self) -> list[tuple[str, str]]:
        return [(call.verb, call.kind) for call in self.world.kube.made("create", "merge_patch", "delete")]


def told(story: Callable[[Desk], Awaitable[None]]) -> None:
    async def whole() -> None:
        await story(Desk())

    run(whole())


def test_a_scan_is_made_suspended_given_its_input_and_let_run() -> None:
    async def story(desk: Desk) -> None:
        assert await desk.pursue() == Standing("0 of 5 shards of their scan are done")
        assert desk.made() == [("create", "Job"), ("create", "ConfigMap"), ("merge_patch", "Job")]
        job = await desk.job()
        assert job["spec"]["suspend"] is False
        given = await desk.world.kube.list(CONFIG_MAPS, ACTIONS, labels=f"{SCAN}={NAME}")
        assert [one["metadata"]["ownerReferences"][0]["uid"] for one in given] == [job["metadata"]["uid"]]

    told(story)


def test_who_comes_next_goes_on_with_what_is_there() -> None:
    async def story(desk: Desk) -> None:
        await desk.pursue()
        await desk.reported(succeeded=2, failedIndexes="4")
        before = desk.made()
        for one in (desk, await desk.again()):
            assert await one.pursue() == Standing("2 of 5 shards of their scan are done, shards 4 failed")
        assert desk.made() == before

    told(story)


@pytest.mark.parametrize("died", ["before the input", "before the start"])
def test_what_was_cut_short_is_finished(died: str) -> None:
    async def story(desk: Desk) -> None:
        lost = KubeError(0, "Gone", "the connection broke")
        refused = ("create", CONFIG_MAPS) if died == "before the input" else ("merge_patch", JOBS)
        desk.world.kube.refuse(refused[0], refused[1], lost)  # type: ignore[arg-type]
        with pytest.raises(KubeError):
            await desk.pursue()
        assert (await desk.job())["spec"]["suspend"] is True
        assert "0 of 5" in (await (await desk.again()).pursue()).told
        assert (await desk.job())["spec"]["suspend"] is False

    told(story)


def test_what_the_shards_say_is_added_up_and_not_asked_for_again() -> None:
    async def story(desk: Desk) -> None:
        await desk.pursue()
        await desk.finished()
        standing = await desk.pursue()
        assert standing.whole
        assert standing.found == all_of(TIGHT, scenarios(TIGHT, BACKBONE, order=2))
        desk.world.kube.calls.clear()
        intake.job_changed(desk.world.context, await desk.job(), gone=True)
        desk.world.kube.calls.clear()
        assert (await desk.pursue()).found is standing.found
        assert desk.world.kube.calls == []
        assert (await (await desk.again()).pursue()).found == standing.found
        assert desk.made() == []

    told(story)


def forged(shard: int, uid: str, text: str) -> Json:
    return result(NAME, uid, shard, packed(text)[0])


def counts(shard: int) -> str:
    """A result that says that all is well."""
    said = partial_to_json(examined(TIGHT, ASKED, shard))
    part = ASKED.shards[shard]
    fine = {"scanned": len(part) - 1, "holding": len(part) - 1, "failed": 0, "errors": 0, "pruned": 0, "joint": 0}
    return json.dumps({**said, "counts": fine, "failures": [], "errors": []})


BROKEN: dict[str, tuple[str, Callable[[str], Json | None]]] = {
    "that is not there": ("it has no result", lambda _: None),
    "of another Job": ("its result is another Job's", lambda _: forged(2, "another", "{}")),
    "that is no text": ("cannot be unpacked", lambda uid: result(NAME, uid, 2, b"noise")),
    "that is no JSON": ("its result is refused", lambda uid: forged(2, uid, "{")),
    "that is too deep": ("its result is refused", lambda uid: forged(2, uid, "[" * 100_000)),
    "of another shard": ("of the scenarios from", lambda uid: forged(2, uid, counts(1))),
    "that leaves a loss out": ("its counts are not", lambda uid: forged(2, uid, counts(2))),
    "without a part": ("no key part", lambda uid: {**forged(2, uid, "{}"), "binaryData": {}}),
}


@pytest.mark.parametrize(("reason", "body"), BROKEN.values(), ids=BROKEN.keys())
def test_a_result(reason: str, body: Callable[[str], Json | None]) -> None:
    """Is a gap that is named, and no pass, until the Job is gone: then the scan is tried again."""

    async def story(desk: Desk) -> None:
        await desk.pursue()
        await desk.wrote(0, 1, 3, 4)
        bad = body((await desk.job())["metadata"]["uid"])
        if bad is not None:
            desk.put(bad)
        await desk.reported(ended="Failed", succeeded=4, failedIndexes="2")
        standing = await desk.pursue()
        assert standing.told.startswith("1 of 5 shards of their scan are missing; shard 2: ")
        assert reason in standing.told
        assert standing.found is not None
        assert (standing.whole, standing.found.missing) == (False, ((16, 24),))
        assert standing.found.verdict != "Holds"
        assert (await desk.pursue()).found is standing.found

        desk.world.kube.remove(JOBS, ACTIONS, NAME)
        for one in await desk.world.kube.list(CONFIG_MAPS, ACTIONS):
            desk.world.kube.remove(CONFIG_MAPS, ACTIONS, one["metadata"]["name"])
        intake.job_changed(desk.world.context, {"metadata": {"name": NAME, "labels": {SCAN: NAME}}}, gone=True)
        assert "0 of 5 shards" in (await desk.pursue()).told

    told(story)


def test_the_last_words_of_a_shard_are_told() -> None:
    async def story(desk: Desk) -> None:
        await desk.pursue()
        await desk.wrote(0, 1, 2, 4)
        ended = {"exitCode": 137, "reason": "OOMKilled"}
        labels = {"batch.kubernetes.io/job-name": NAME}
        index = {"batch.kubernetes.io/job-completion-index": "3"}
        metadata = {"name": f"{NAME}-3-abcde", "namespace": ACTIONS, "labels": labels, "annotations": index}
        status = {"containerStatuses": [{"name": "scan", "state": {"terminated": ended}}]}
        desk.world.kube.put(PODS, {"metadata": metadata, "status": status})
        await desk.reported(ended="Failed")
        assert "shard 3: it has no result (exit code 137: OOMKilled)" in (await desk.pursue()).told

    told(story)


def another(desk: Desk, **spec: Any) -> str:
    """Another policy's scan of the same network; the name of its Job."""
    body = manifest(ASKED, Key("InspectionPolicy", "b", "b"), image="i", namespace=ACTIONS, parallelism=1, parts=1)
    desk.world.kube.put(JOBS, {**body, "spec": {**body["spec"], **spec}})
    return str(body["metadata"]["name"])


def test_one_scan_runs_at_a_time() -> None:
    async def story(desk: Desk) -> None:
        first = another(desk, suspend=False)
        assert (await desk.pursue()).told == f"their scan by Jobs waits for that of Job {first}"
        assert (await desk.job())["spec"]["suspend"] is True
        other = await desk.world.kube.get(JOBS, ACTIONS, first)
        desk.world.kube.put(JOBS, {**other, "status": {"conditions": [{"type": "Complete", "status": "True"}]}})
        assert "0 of 5" in (await desk.pursue()).told

    told(story)


def test_scans_that_wait_themselves_keep_nobody_waiting() -> None:
    async def story(desk: Desk) -> None:
        another(desk)
        assert "0 of 5" in (await desk.pursue()).told

    told(story)


def test_what_is_left_of_an_earlier_scan_goes_first() -> None:
    async def story(desk: Desk) -> None:
        data = input_of(TIGHT)
        assert not isinstance(data, str)
        [left] = inputs(NAME, "earlier", data)
        desk.put(left)
        assert "waits until what is left of an earlier one is gone" in (await desk.pursue()).told
        desk.world.kube.remove(CONFIG_MAPS, ACTIONS, left["metadata"]["name"])
        assert "0 of 5" in (await desk.pursue()).told

    told(story)


def test_the_scan_of_other_losses_is_removed_and_no_other_policys() -> None:
    async def story(desk: Desk) -> None:
        other = another(desk)
        await desk.pursue()
        for job in await desk.world.kube.list(JOBS, ACTIONS):
            intake.job_changed(desk.world.context, job)
        other_losses = ring("abcde", demand("a", "b", 7e9))
        await desk.pursue(other_losses)
        assert await desk.names() == {other, name(other_losses)}

    told(story)


def test_a_scan_that_runs_is_let_finish_when_values_move() -> None:
    async def story(desk: Desk) -> None:
        await desk.pursue()
        assert await desk.pursue(BUSIER) == Standing("0 of 5 shards of their scan are done")
        await desk.reported(succeeded=2)
        assert await desk.pursue(BUSIEST) == Standing("2 of 5 shards of their scan are done")
        assert await desk.names() == {NAME}

    told(story)


def test_one_that_still_waits_for_its_turn_makes_room_for_that_of_the_network_as_it_is_now() -> None:
    async def story(desk: Desk) -> None:
        other = another(desk, suspend=False)
        await desk.pursue()
        await desk.pursue(BUSIER)
        assert await desk.names() == {other, name(BUSIER)}

    told(story)


def test_what_was_found_stands_with_its_time_until_the_next_scan_has_ended() -> None:
    async def story(desk: Desk) -> None:
        began = desk.world.clock.now()
        await desk.pursue()
        desk.world.clock.advance(timedelta(minutes=2))
        await desk.finished()
        first = (await (await desk.again()).pursue()).found
        for one in (desk, await desk.again()):
            assert await one.pursue(BUSIER) == Standing("", first, as_of=began)
        assert await desk.names() == {NAME}, "it is too early for another one"

        desk.world.clock.advance(timedelta(minutes=2))
        assert await desk.pursue(BUSIEST) == Standing("", first, as_of=began)
        assert await desk.names() == {NAME, name(BUSIEST)}

        await desk.finished(BUSIEST)
        second = await desk.pursue(BUSIEST)
        assert second.found is not None
        assert (second.whole, second.found.topology, second.as_of) == (True, BUSIEST.id, None)
        await desk.pursue(BUSIEST)
        assert await desk.names() == {name(BUSIEST)}

    told(story)


def test_a_network_that_is_again_as_it_was_is_answered_as_it_was() -> None:
    async def story(desk: Desk) -> None:
        await desk.pursue()
        await desk.finished()
        first = await desk.pursue()
        assert (await desk.pursue(BUSIER)).as_of is not None
        assert await desk.pursue() == first

    told(story)


def test_a_gap_in_what_stands_stays_one() -> None:
    async def story(desk: Desk) -> None:
        await desk.pursue()
        await desk.wrote(0, 1, 2, 3)
        await desk.reported(ended="Failed", failedIndexes="4")
        standing = await desk.pursue(BUSIER)
        assert standing.told.startswith("1 of 5 shards of their scan are missing; shard 4: it has no result")
        assert standing.found is not None
        assert (standing.whole, standing.found.missing) == (False, ((32, 36),))

    told(story)


def test_a_job_that_is_gone_before_it_was_added_up_is_no_answer() -> None:
    async def story(desk: Desk) -> None:
        await desk.pursue()
        await desk.finished()
        desk.world.kube.remove(JOBS, ACTIONS, NAME)
        assert await desk.pursue(BUSIER) == NOT_BEGUN
        assert "0 of 5 shards" in (await desk.pursue(BUSIER)).told

    told(story)


def test_an_input_that_is_gone_or_another_networks_is_no_answer() -> None:
    async def story(desk: Desk) -> None:
        await desk.pursue()
        await desk.finished()
        job, data = await desk.job(), input_of(BUSIEST)
        desk.world.kube.remove(CONFIG_MAPS, ACTIONS, input_names(job)[0])
        for topology in (TIGHT, BUSIER):
            assert (await desk.pursue(topology)).told.startswith("their scan by Jobs cannot go on: 404")

        assert not isinstance(data, str)
        [forged] = inputs(NAME, job["metadata"]["uid"], data)
        desk.put(forged)
        of_another = "their scan cannot be added up: the scan is of another topology, or of other losses"
        assert await desk.pursue(BUSIER) == Standing(of_another)

    told(story)


def test_the_scans_of_a_policy_go_with_it_once_the_api_server_says_that_it_is_gone() -> None:
    async def story(desk: Desk) -> None:
        await desk.pursue()
        context = desk.world.context
        desk.world.kube.put(POLICIES, POLICY.to_json())
        intake.job_changed(context, await desk.job())
        await scans.abandon(context, POLICY.key)
        assert await desk.job()
        desk.world.kube.remove(POLICIES, POLICY.key.namespace, POLICY.key.name)
        await scans.abandon(context, POLICY.key)
        assert await desk.world.kube.list(JOBS, ACTIONS) == []

    told(story)


def test_a_policy_without_large_scans_asks_nobody() -> None:
    async def story(desk: Desk) -> None:
        found = await scans.pursue(desk.world.context, watch(inspections=[contingency("Link")]), TIGHT)
        assert (found.most, found.standing) == (MOST, {})
        assert desk.world.kube.calls == []

    told(story)


def test_a_refusal_is_told_and_keeps_nothing_else_from_being_inspected() -> None:
    async def story(desk: Desk) -> None:
        desk.world.kube.refuse("create", JOBS, KubeError(403, "Forbidden", "cannot create jobs"))
        assert (await desk.pursue()).told == "their scan by Jobs cannot go on: 403 Forbidden: cannot create jobs"
        assert "0 of 5" in (await desk.pursue()).told

    told(story)


def test_an_api_server_that_does_not_answer_takes_no_answer_away() -> None:
    async def story(desk: Desk) -> None:
        await desk.pursue()
        await desk.finished()
        standing, body = await desk.pursue(), await desk.job()
        outdated = {**body, "metadata": {**body["metadata"], "name": "scan-outdated"}}
        intake.job_changed(desk.world.context, outdated)
        desk.world.kube.refuse("delete", JOBS, KubeError(0, "Gone", "the connection broke"))
        with pytest.raises(KubeError):
            await desk.pursue()
        desk.world.kube.remove(JOBS, ACTIONS, NAME)
        assert (await desk.pursue()).found is standing.found

    told(story)


def test_a_network_that_does_not_fit_into_config_maps_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(desk: Desk) -> None:
        monkeypatch.setattr("forestall.runtime.scans.input_of", lambda _: "the twin cannot be handed to Jobs: x")
        assert (await desk.pursue()).told == "the twin cannot be handed to Jobs: x"
        assert desk.made() == []

    told(story)


def test_a_scan_wakes_its_policy_and_is_none_of_the_jobs_that_stay_suspended() -> None:
    async def story(desk: Desk) -> None:
        body = manifest(ASKED, POLICY.key, image="i", namespace=ACTIONS, parallelism=1, parts=1)
        intake.job_changed(desk.world.context, body)
        assert await desk.world.context.queue.get() == POLICY.key
        assert desk.world.context.queue.depth == 0
        assert desk.world.context.scanned.of(POLICY.key)

    told(story)
