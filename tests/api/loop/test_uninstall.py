"""With the operator gone, everything of forestall's can be deleted: on a real API server, by the hook's own rights."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from forestall.adapters.resources import APPROVALS, FINDINGS, PAUSES, PLANS, POLICIES
from forestall.api.remediationplan import HOLD
from tests.api.installation import ACTIONS
from tests.api.loop.process import IMAGE, ROOT
from tests.api.loop.shop import Shop, name_of
from tests.api.loop.test_phases import faulty, running
from tests.api.loop.world import World, apply
from tests.chart.rendering import NAMESPACE as SYSTEM
from tests.chart.rendering import hooks
from tools.cluster.operator import checkout

pytestmark = pytest.mark.api

ACCOUNT = "forestall-uninstall"
KINDS = (PLANS, FINDINGS, POLICIES, APPROVALS, PAUSES)


@pytest.fixture
def hook(world: World) -> Iterator[dict[str, str]]:
    """The environment of the hook's Pod, with its account and rights and nothing else."""
    rights = [one for one in hooks() if one["kind"] != "Job"]
    apply(world.cluster, rights)
    yield {
        **checkout(),
        "KUBECONFIG": str(world.cluster.service_account_kubeconfig(SYSTEM, ACCOUNT)),
        "FORESTALL_NAMESPACE": SYSTEM,
        "FORESTALL_ACTION_NAMESPACE": ACTIONS,
        "FORESTALL_ACTION_IMAGE": IMAGE,
        "FORESTALL_SERVICE_ACCOUNT": ACCOUNT,
        "FORESTALL_REPLICA": "uninstall",
    }
    for one in rights:
        place = ("-n", one["metadata"]["namespace"]) if "namespace" in one["metadata"] else ()
        world.cluster.kubectl("delete", one["kind"], ACCOUNT, *place)


def test_an_operator_that_died_while_a_job_ran_leaves_nothing_that_cannot_be_deleted(
    shop: Shop, hook: dict[str, str]
) -> None:
    plan = faulty(shop)
    with running(shop, plan):
        os.kill(shop.world.operator.pid, signal.SIGKILL)
        shop.world.operator.died()
        for kind in KINDS:
            for one in shop.all(kind):
                shop.delete(kind, name_of(one))
        assert remains(shop) == {name_of(plan)}
        assert shop.get(PLANS, name_of(plan))["metadata"]["finalizers"] == [HOLD]

        command = (sys.executable, "-m", "forestall.runtime.uninstall")
        done = subprocess.run(command, env=hook, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
        assert done.returncode == 0, done.stdout + done.stderr
        shop.until("everything to be gone", lambda: remains(shop) == set())
        shop.until("the Job to be gone", lambda: shop.jobs(plan) == [])


def remains(shop: Shop) -> set[str]:
    """Names of all that is left of forestall's in the namespace."""
    return {name_of(one) for kind in KINDS for one in shop.all(kind)}
