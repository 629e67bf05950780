"""What a real loop did stands in the ledger, whatever became of the ledger meanwhile, and is counted alike by two."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from forestall.adapters.resources import FINDINGS
from tests.api.loop.objects import Json
from tests.api.loop.process import ROOT
from tests.api.loop.shop import Shop, name_of
from tests.api.person import expect
from tools.cluster.operator import checkout

pytestmark = pytest.mark.api

PATH_OF_A_PLAN = ["Approved", "Ended", "Finished", "Intended", "Proposed", "Verified"]


def test_every_step_from_finding_to_verification_is_in_the_ledger_and_counted_alike(shop: Shop) -> None:
    plan = closed(shop)
    shop.until("the ledger to be up to date", lambda: "Ended" in told(shop, plan))
    assert told(shop, plan) == PATH_OF_A_PLAN
    (finding,) = shop.all(FINDINGS)
    shop.until("its finding, too", lambda: "Closed" in told(shop, finding))
    assert told(shop, finding) == ["Cleared", "Closed", "Planned", "Raised"]
    approved = next(row for row in rows(shop) if row["uid"] == uid_of(plan) and row["transition"] == "Approved")
    assert approved["body"]["names"] == ["alice"]
    assert approved["body"]["digest"] == plan["status"]["planDigest"]
    assert "rows hold" in forestall(shop, "ledger", "verify", *ledger(shop))

    exported = forestall(shop, "ledger", "export", *ledger(shop))
    own = report(shop, "--from", "-", given=exported)
    (figures,) = own["figures"]
    assert (figures["type"], figures["horizon"], figures["items"], figures["eligible"]) == ("ImagePull", "T0", 1, 1)
    assert figures["supervised"]["oneHop"] == figures["provisional"] == 1
    assert (figures["unsafeActions"], figures["wrongClosures"], figures["touchesPerItem"]) == (0, 0, 1.0)
    assert report(shop)["figures"] == own["figures"]

    whole = report(shop, "--from", "-", "--all-namespaces", given=exported)
    assert recount(exported, whole["at"]) == whole["figures"]


def test_a_ledger_that_cannot_be_written_stops_nothing_and_is_made_up_for_after_a_kill(shop: Shop) -> None:
    operator = shop.world.operator
    with out_of_reach(operator.ledger):
        plan = closed(shop)
        shop.until("the failure to be counted", lambda: operator.metric("forestall_ledger_errors_total") > 0)
        assert operator.metric("forestall_ledger_behind") > 0
        os.kill(operator.pid, signal.SIGKILL)
        operator.died()
    assert told(shop, plan) == []

    operator.start()
    shop.until("the ledger to be made up", lambda: "Ended" in told(shop, plan))
    assert told(shop, plan) == PATH_OF_A_PLAN
    assert "rows hold" in forestall(shop, "ledger", "verify", *ledger(shop))
    shop.until("nothing to be left", lambda: operator.metric("forestall_ledger_behind") == 0)


def test_what_is_deleted_right_after_it_changed_is_on_record(shop: Shop) -> None:
    shop.open()
    shop.fault()
    plan = shop.pending()
    expect(shop.reject(plan), None)
    shop.reaches(plan, "Rejected")
    (finding,) = shop.all(FINDINGS)
    shop.delete(FINDINGS, name_of(finding))
    shop.until("the rejection to be on record", lambda: "Rejected" in told(shop, plan))


def closed(shop: Shop) -> Json:
    """The plan by which a fault was closed."""
    shop.open()
    shop.fault()
    plan = shop.pending()
    expect(shop.approve(plan), None)
    return shop.succeeded(plan)


@contextmanager
def out_of_reach(path: Path) -> Iterator[None]:
    """A ledger in whose place something else stands."""
    kept = path.with_name("kept.db")
    path.rename(kept)
    path.mkdir()
    try:
        yield
    finally:
        path.rmdir()
        kept.rename(path)


def ledger(shop: Shop) -> tuple[str, str]:
    return "--ledger", str(shop.world.operator.ledger)


def rows(shop: Shop) -> list[Json]:
    """The rows that the operator has written by now."""
    if not shop.world.operator.ledger.exists():
        return []
    return [json.loads(line) for line in forestall(shop, "ledger", "export", *ledger(shop)).splitlines()]


def told(shop: Shop, item: Json) -> list[str]:
    """The transitions of a finding or plan on record, hand-offs aside, by name: some times are cut to the second."""
    mine = (row["transition"] for row in rows(shop) if row["uid"] == uid_of(item))
    return sorted(name for name in mine if name != "HandedOff")


def uid_of(item: Json) -> str:
    return str(item["metadata"]["uid"])


def report(shop: Shop, *args: str, given: str = "") -> Any:
    place = () if "--all-namespaces" in args else ("--namespace", shop.namespace)
    asked = ("--kubeconfig", str(shop.world.cluster.kubeconfig), *place, "--output", "json")
    return json.loads(forestall(shop, "report", *args, *asked, given=given))


def forestall(shop: Shop, *args: str, given: str = "") -> str:
    """What the command line answers."""
    return ran([sys.executable, "-c", "from forestall.cli import app; app()", *args], given)


def recount(exported: str, at: str) -> Any:
    """What the independent count comes to."""
    return json.loads(ran([sys.executable, "-m", "tools.recount", "--at", at], exported))


def ran(argv: list[str], given: str) -> str:
    done = subprocess.run(argv, input=given, capture_output=True, text=True, check=False, env=checkout(), cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return done.stdout
