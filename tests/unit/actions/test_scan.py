"""One shard of a scan: it reads what is mounted, examines its losses, and writes one ConfigMap."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from forestall.actions.scan import answer, main, write
from forestall.adapters.memory import FixedClock, MemoryKube
from forestall.adapters.resources import CONFIG_MAPS
from forestall.api.base import Key
from forestall.inspection.scans import Reconciliation, examined, scan_of
from forestall.planning.parcels import part_of, unpacked
from forestall.planning.scan_job import UNUSABLE, input_of, manifest, name_of
from forestall.ports import KubeError
from forestall.twin.analyses import contingency, scenarios
from forestall.twin.topology import Topology
from tests.unit.twin.networks import BACKBONE, GIGABIT, demand, ring

RING = ring("abcd", demand("a", "b", 7 * GIGABIT), demand("a", "c", 4 * GIGABIT))
SCAN = scan_of(RING, BACKBONE, ("Node", "Link", "Pairs"), 1.0, 30)
POLICY = Key("InspectionPolicy", "shop", "shop")


def environment(folder: Path, shard: int = 0, topology: Topology = RING) -> dict[str, str]:
    """What the Job of the scan tells a shard, and what is mounted."""
    assert SCAN is not None
    data = input_of(topology)
    assert not isinstance(data, str)
    for place, part in enumerate(data):
        (folder / f"{place:02}").write_bytes(part)
    body = manifest(SCAN, POLICY, image="i@sha256:1", namespace="actions", parallelism=4, parts=len(data))
    [container] = body["spec"]["template"]["spec"]["containers"]
    told = {one["name"]: one["value"] for one in container["env"] if "value" in one}
    return told | {
        "FORESTALL_INPUT": str(folder),
        "FORESTALL_NAMESPACE": "actions",
        "FORESTALL_JOB": body["metadata"]["name"],
        "FORESTALL_JOB_UID": "uid-1",
        "FORESTALL_TERMINATION_LOG": str(folder / "termination-log"),
        "JOB_COMPLETION_INDEX": str(shard),
    }


def test_what_all_shards_write_adds_up_to_what_one_process_finds(tmp_path: Path) -> None:
    assert SCAN is not None
    total = Reconciliation(RING, SCAN)
    for shard in range(5):
        body = answer(environment(tmp_path, shard))
        assert body["metadata"]["name"] == f"{name_of(SCAN, POLICY, 'i@sha256:1')}-{shard}"
        assert body["metadata"]["ownerReferences"][0]["uid"] == "uid-1"
        total.take(shard, json.loads(unpacked([part_of(body)])))
    assert total.found == contingency(RING, scenarios(RING, BACKBONE, order=2))
    assert total.found.counts.failed


def test_a_topology_that_takes_several_config_maps_is_put_together(tmp_path: Path) -> None:
    assert SCAN is not None
    told = environment(tmp_path)
    whole = (tmp_path / "00").read_bytes()
    for place, part in enumerate((whole[:100], whole[100:200], whole[200:])):
        (tmp_path / f"{place:02}").write_bytes(part)
    (tmp_path / "..data").mkdir()
    assert answer(told)["metadata"]["name"].endswith("-0")


@pytest.mark.parametrize("broken", ["another topology", "no input", "no shard", "no question"])
def test_an_input_that_nobody_could_use_ends_the_shard_for_good(tmp_path: Path, broken: str) -> None:
    told = environment(tmp_path, 5 if broken == "no shard" else 0, ring() if broken == "another topology" else RING)
    if broken == "no input":
        (tmp_path / "00").unlink()
    if broken == "no question":
        told["FORESTALL_SCAN"] = "{}"
    assert main(told) == UNUSABLE
    said = json.loads((tmp_path / "termination-log").read_text())
    assert (said["code"], bool(said["message"])) == (UNUSABLE, True)


def test_a_result_that_an_earlier_try_has_written_stands() -> None:
    kube, body = MemoryKube(FixedClock(datetime(2030, 1, 1, tzinfo=UTC))), {"metadata": {"name": "scan-1-0"}}
    for _ in range(2):
        asyncio.run(write(kube, "actions", body))
    assert len(asyncio.run(kube.list(CONFIG_MAPS, "actions"))) == 1
    kube.refuse("create", CONFIG_MAPS, KubeError(403, "Forbidden", "exceeded quota"))
    with pytest.raises(KubeError, match="exceeded quota"):
        asyncio.run(write(kube, "actions", {"metadata": {"name": "scan-1-1"}}))


def test_a_shard_is_examined_as_anywhere_else() -> None:
    assert SCAN is not None
    assert examined(RING, SCAN, 4).counts.scanned == 4
