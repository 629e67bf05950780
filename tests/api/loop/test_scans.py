"""Scans that are too much for one process, by Indexed Jobs whose shards are processes of this checkout."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from forestall.adapters.kubernetes.client import path_of
from forestall.adapters.resources import CONFIG_MAPS, FINDINGS, JOBS, PODS, POLICIES
from forestall.planning.scan_job import POLICY as ASKED_BY
from forestall.planning.scan_job import SCAN, SNAPSHOT
from forestall.twin.formats.documents import export
from tests.api.installation import ACTIONS
from tests.api.loop.networks import Networks
from tests.api.loop.objects import POLICY, Json
from tests.api.loop.shop import Shop, state
from tests.unit.twin.networks import GIGABIT, demand, fan, ring

pytestmark = pytest.mark.api

TIGHT = ring("abcd", demand("a", "b", 7 * GIGABIT), demand("a", "c", 4 * GIGABIT))
"""Of 8 nodes and cables and 28 pairs of them, some cost demand or overload links."""
TOO_MUCH = TIGHT.with_demands([demand("a", "b", 12 * GIGABIT)])
"""The same, where links are overloaded with nothing lost."""
SAFE = fan(GIGABIT)
"""Of 9 nodes and cables and 36 pairs of them, none does harm."""
LOSSES, SHARDS = 36, 5
"""Of the first two."""
FEW = {"FORESTALL_SCAN_LIMIT": "30"}
"""A process examines 30 losses, and a shard 8."""
N_2 = {"name": "n-2", "contingency": {"network": "backbone", "scopes": ["Node", "Link", "Pairs"]}}


class Scans:
    """The scans of one shop's policy."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop

    def begin(self, networks: Networks, interval: str = "1s") -> None:
        """Apply the policy that asks for one."""
        schedule = {"interval": interval}
        self.shop.open(twinRef={"name": networks.name}, inspections=[N_2], responses=[], schedule=schedule)

    def jobs(self) -> list[Json]:
        """The Jobs there are."""
        asked = f"{self.shop.namespace}/{POLICY}"
        return [one for one in self._all(JOBS) if one["metadata"].get("annotations", {}).get(ASKED_BY) == asked]

    def job(self) -> Json:
        """The one Job, once it runs."""
        self.shop.until("the scan to run", lambda: [one["spec"]["suspend"] for one in self.jobs()] == [False])
        (job,) = self.jobs()
        return job

    def pods(self, job: Json) -> list[Json]:
        """Pods that the Job has had."""
        owned = "batch.kubernetes.io/job-name"
        return [one for one in self._all(PODS) if one["metadata"]["labels"].get(owned) == job["metadata"]["name"]]

    def results(self, job: Json) -> list[str]:
        """Names of the ConfigMaps that its shards have written."""
        marked = [one["metadata"] for one in self._all(CONFIG_MAPS) if of_scan(one)]
        names = [one["name"] for one in marked if one["labels"][SCAN] == job["metadata"]["name"]]
        return [name for name in names if "-input-" not in name]

    def count(self) -> Json:
        """What the policy's status says of the inspection."""
        found: list[Json] = self.shop.get(POLICIES, POLICY).get("status", {}).get("inspections", [])
        return found[0] if found else {"scanned": 0, "failed": 0, "errors": 0, "message": ""}

    def until_examined(self) -> None:
        """Wait until everything has been examined."""
        self.shop.until("the whole scan", lambda: (self.count()["scanned"], self.count()["errors"]) == (LOSSES, 0))

    def message(self) -> str:
        """What the finding says; nothing while there is none."""
        return "".join(str(one.get("status", {}).get("message", "")) for one in self.shop.all(FINDINGS))

    def examined(self) -> str:
        """What the finding says of the losses that were examined."""
        (found,) = [one["status"]["evidence"] for one in self.shop.all(FINDINGS)]
        return str(found[-1]["message"])

    def of_another_than(self, job: Json) -> bool:
        """Whether a Job runs, or has run, that is of another snapshot than this one."""
        given = job["metadata"]["annotations"][SNAPSHOT]
        return any(one["metadata"]["annotations"][SNAPSHOT] != given for one in self.jobs())

    def finding(self) -> dict[str, Any]:
        """What the finding says of the network."""
        (found,) = [one["status"] for one in self.shop.all(FINDINGS)]
        said = ("class", "severity", "message", "trigger", "evidence", "observed", "predicted")
        return {name: found.get(name) for name in said}

    def _all(self, resource: Any) -> list[Json]:
        found: list[Json] = self.shop.world.admin.send("GET", path_of(resource, ACTIONS)).body["items"]
        return found


@pytest.fixture
def scans(shop: Shop) -> Scans:
    return Scans(shop)


def of_scan(config_map: Json) -> bool:
    return SCAN in config_map["metadata"].get("labels", {})


@contextmanager
def room_for(scans: Scans, results: int) -> Iterator[None]:
    """Let so many more ConfigMaps be made beside the actions than a scan's input."""
    scans.shop.until("what earlier scans wrote to be gone", lambda: not any(map(of_scan, scans._all(CONFIG_MAPS))))
    cluster, held = scans.shop.world.cluster, len(scans._all(CONFIG_MAPS))
    quota = ("quota", "tight", "-n", ACTIONS)
    cluster.kubectl("create", *quota, f"--hard=count/configmaps={held + 1 + results}")
    try:
        yield
    finally:
        cluster.kubectl("delete", *quota)


def test_shards_find_what_one_process_finds(shop: Shop, networks: Networks, scans: Scans) -> None:
    networks.open()
    networks.put(export(TIGHT, "rfc8345"))
    with shop.world.operator.told(**FEW):
        scans.begin(networks)
        scans.until_examined()
        shop.until("the finding", lambda: [state(one) for one in shop.all(FINDINGS)] == ["Open"])
        by_shards, count = scans.finding(), scans.count()
        job = scans.job()
        assert (job["spec"]["completions"], job["spec"]["parallelism"], len(scans.results(job))) == (SHARDS, 4, SHARDS)
        assert job["metadata"]["annotations"][SNAPSHOT].startswith("sha256:")
    shop.world.operator.start()
    shop.until("the scan to be removed, which this process does by itself", lambda: scans.jobs() == [])
    shop.until("what it wrote to go with it", lambda: scans.results(job) == [])
    passes = shop.passes()
    shop.until("the look in which it was removed to be over", lambda: shop.passes() > passes)
    assert count["failed"] > 0
    assert scans.count() == count
    assert scans.finding() == by_shards


def test_a_shard_that_fails_leaves_a_gap_and_no_pass(shop: Shop, networks: Networks, scans: Scans) -> None:
    networks.open()
    networks.put(export(SAFE, "rfc8345"))
    with shop.world.operator.told(**FEW), room_for(scans, results=5):
        scans.begin(networks)
        shop.until("the scan to end", lambda: "1 of 6 shards of their scan are missing" in scans.count()["message"])
        count = scans.count()
        assert (count["scanned"], count["failed"]) == (45, 0)
        assert count["errors"] in {8, 5}
        assert "exceeded quota" in count["message"]
        assert len(scans.results(scans.job())) == 5


def test_a_scan_outlives_the_operator_and_no_shard_is_repeated(shop: Shop, networks: Networks, scans: Scans) -> None:
    networks.open()
    networks.put(export(TIGHT, "rfc8345"))
    operator = shop.world.operator
    with operator.told(**FEW):
        with shop.world.no_action_pods():
            scans.begin(networks)
            begun = scans.job()
            shop.until("progress", lambda: "0 of 5 shards of their scan are done" in scans.count()["message"])
            assert (scans.count()["scanned"], scans.count()["errors"]) == (LOSSES, LOSSES)
            operator.kill()
        shop.until("the shards to be done meanwhile", lambda: len(scans.results(begun)) == SHARDS)
        for _ in range(2):
            operator.start()
            scans.until_examined()
            operator.kill()
        (ended,) = scans.jobs()
        assert ended["metadata"]["uid"] == begun["metadata"]["uid"]
        assert len(scans.pods(begun)) == SHARDS


def test_a_network_whose_values_move_is_examined_as_it_was_and_then_again(
    shop: Shop, networks: Networks, scans: Scans
) -> None:
    networks.open()
    networks.put(export(TIGHT, "rfc8345"))
    with shop.world.operator.told(**FEW):
        with shop.world.no_action_pods():
            scans.begin(networks, interval="10s")  # for so long at least the first answer stands
            first = scans.job()
            networks.put(export(TOO_MUCH, "rfc8345"))
            shop.until("what is overloaded now", lambda: "network backbone loses demand" in scans.message())
        scans.until_examined()
        shop.until("its time to be told", lambda: "in the network as it was at" in scans.examined())
        shop.until("another scan", lambda: scans.of_another_than(first))
        shop.until("the network as it is now", lambda: "in the network as it was" not in scans.examined())
        assert scans.count()["errors"] == 0
        shop.until("the first scan to be removed", lambda: len(scans.jobs()) == 1 and scans.of_another_than(first))


def test_the_scan_of_other_losses_is_removed(shop: Shop, networks: Networks, scans: Scans) -> None:
    networks.open()
    networks.put(export(SAFE, "rfc8345"))
    with shop.world.operator.told(**FEW), shop.world.no_action_pods():
        scans.begin(networks)
        first = scans.job()
        networks.put(export(TIGHT, "rfc8345"))
        shop.until(
            "another scan", lambda: [one["metadata"]["uid"] for one in scans.jobs()] != [first["metadata"]["uid"]]
        )
        second = scans.job()
        assert second["metadata"]["annotations"][SNAPSHOT] != first["metadata"]["annotations"][SNAPSHOT]
        shop.delete(POLICIES, POLICY)
        shop.until("the scan of a policy that is gone to be removed", lambda: scans.jobs() == [])
