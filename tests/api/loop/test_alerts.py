"""Alerts of a real Alertmanager: stored before they are acknowledged, one finding for all, and no credit to us."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from forestall.adapters.resources import FINDINGS, PLANS, PODS, POLICIES
from forestall.api.inspectionpolicy import InspectionPolicy
from forestall.cli.linting.crosschecks import problems
from forestall.runtime.policies import EXPIRED
from tests.api.loop.alerting import alert, alerting, documented, inspection, of_node, receiver
from tests.api.loop.objects import POLICY, Json, response
from tests.api.loop.process import Operator
from tests.api.loop.shop import Shop, state
from tests.api.loop.world import NODES
from tests.api.person import expect
from tools.cluster.alertmanager import Alertmanager

pytestmark = pytest.mark.api

FAILED = "alertmanager_notification_requests_failed_total"


@pytest.fixture
def alertmanager(shop: Shop, tmp_path: Path) -> Iterator[Alertmanager]:
    with alerting(tmp_path, [receiver(shop.world.operator)]) as running:
        yield running


def opened(shop: Shop, mode: str = "Observe", taking: Json | None = None, **spec: object) -> None:
    """The application, and a policy that takes over alerts about it, or as `taking` says."""
    answer = response("Alert", "rollout-undo", mode=mode)
    shop.open(inspections=[taking or inspection()], responses=[answer], **spec)


def states(shop: Shop) -> list[str]:
    """The states of all findings; empty for one that has alerts, and that no inspection has raised yet."""
    return [state(one) if "detectedAt" in one.get("status", {}) else "" for one in shop.all(FINDINGS)]


def firing(shop: Shop) -> int:
    """Alerts that fire for the only finding."""
    return sum(len(one.get("status", {}).get("alerts", ())) for one in shop.all(FINDINGS))


def broken(shop: Shop) -> None:
    """Give the application an image that cannot be had, and wait until nothing more comes of it.

    An alert may be answered at once, and a plan that is made before gives way to another one.
    """
    shop.fault()
    shop.until("its pod to wait for the image", lambda: any(map(lacks_image, shop.all(PODS))))


def lacks_image(pod: Json) -> bool:
    containers = pod["status"].get("containerStatuses", ())
    return any(one["state"].get("waiting", {}).get("reason") == "ImagePullBackOff" for one in containers)


def counted(shop: Shop, *fates: str) -> list[float]:
    """How many alerts came to each of these ends."""
    return [shop.world.operator.metric("forestall_alerts_total", fate=fate) for fate in fates]


def test_an_alert_leads_to_a_fix_that_is_a_success_once_goals_are_met_and_the_alert_is_resolved(
    shop: Shop, alertmanager: Alertmanager
) -> None:
    opened(shop, mode="Open")
    broken(shop)
    alertmanager.post(alert(shop.namespace, pod="web-1"), alert(shop.namespace, pod="web-2"))
    plan = shop.pending()
    (finding,) = shop.all(FINDINGS)
    assert (finding["spec"]["type"], finding["spec"]["resource"]["name"]) == ("Alert", "web")
    # Alertmanager may send the first alert before it has taken in the second.
    both = "Deployment web: Slow: orders take 9 s and 1 more"
    shop.until("the finding to tell of both", lambda: shop.all(FINDINGS)[0]["status"]["message"] == both)

    expect(shop.approve(plan), None)
    waiting = "its goals are met; it waits for the alert to be resolved"
    shop.until("the plan to wait", lambda: shop.get(PLANS, plan["metadata"]["name"])["status"]["message"] == waiting)
    assert states(shop) == ["Planned"]

    ended = [alert(shop.namespace, pod=f"web-{number}", resolved=True) for number in (1, 2)]
    alertmanager.post(*ended)
    shop.succeeded(plan)


def test_a_resolved_alert_clears_its_finding_and_ends_its_plan_and_nobody_takes_credit_for_it(
    shop: Shop, alertmanager: Alertmanager
) -> None:
    opened(shop, mode="Open")
    broken(shop)
    alertmanager.post(alert(shop.namespace))
    plan = shop.pending()
    alertmanager.post(alert(shop.namespace, resolved=True))
    shop.reaches(plan, "Cancelled")
    shop.until("the finding to be cleared", lambda: states(shop) == ["Cleared"])
    (finding,) = shop.all(FINDINGS)
    assert "closure" not in finding["status"]
    assert shop.jobs(plan) == []
    none = {"eligible": 0, "oneHop": 0}
    shop.until("it to count no more", lambda: shop.get(POLICIES, POLICY)["status"]["closure"] == none)


def test_grouped_and_repeated_alerts_are_one_finding_until_the_last_one_is_resolved(shop: Shop, tmp_path: Path) -> None:
    opened(shop)
    taken = "forestall_alerts_total"
    with alerting(tmp_path, [receiver(shop.world.operator)], repeat_interval=1) as alertmanager:
        alerts = [alert(shop.namespace, pod=f"web-{number}") for number in range(200)]
        alertmanager.post(*alerts)
        shop.until("all to be stored", lambda: firing(shop) == 200)
        shop.until("the finding to tell of all", lambda: "and 199 more" in shop.all(FINDINGS)[0]["status"]["message"])
        shop.until("the reason for no plan", lambda: bool(shop.all(FINDINGS)[0]["status"].get("noPlanReason")))
        assert states(shop) == ["Open"]
        version = shop.all(FINDINGS)[0]["metadata"]["resourceVersion"]
        before = shop.world.operator.metric(taken, fate="taken")
        shop.until("repeats", lambda: shop.world.operator.metric(taken, fate="taken") >= before + 400)
        assert shop.all(FINDINGS)[0]["metadata"]["resourceVersion"] == version

        alertmanager.post(*(one | {"endsAt": one["startsAt"]} for one in alerts[1:]))
        shop.until("all but one to be resolved", lambda: firing(shop) == 1)
        assert states(shop) == ["Open"]
        alertmanager.post(alerts[0] | {"endsAt": alerts[0]["startsAt"]})
        shop.until("the finding to be cleared", lambda: states(shop) == ["Cleared"])
    assert [one["to"] for one in shop.all(FINDINGS)[0]["status"]["transitions"]] == ["Raised", "Cleared"]


def test_what_fires_and_is_resolved_while_no_operator_runs_is_told_again_and_not_lost(
    shop: Shop, alertmanager: Alertmanager
) -> None:
    opened(shop)
    operator = shop.world.operator
    operator.kill()
    alertmanager.post(alert(shop.namespace))
    shop.until("Alertmanager to have tried in vain", lambda: alertmanager.metric(FAILED) > 0)
    operator.start()
    shop.until("the finding", lambda: states(shop) == ["Open"])

    operator.kill()
    tried = alertmanager.metric(FAILED)
    alertmanager.post(alert(shop.namespace, resolved=True))
    shop.until("Alertmanager to have tried in vain", lambda: alertmanager.metric(FAILED) > tried)
    operator.start()
    shop.until("the finding to be cleared", lambda: states(shop) == ["Cleared"])


def test_an_alert_is_not_acknowledged_while_the_api_server_is_away(shop: Shop, alertmanager: Alertmanager) -> None:
    opened(shop)
    operator = shop.world.operator
    deliveries = "forestall_alert_deliveries_total"
    with shop.world.outage():
        alertmanager.post(alert(shop.namespace))
        shop.until("a refusal", lambda: operator.metric(deliveries, code="503") > 0)
    shop.until("the finding", lambda: states(shop) == ["Open"])


def test_every_replica_takes_alerts_and_all_of_them_make_one_finding(shop: Shop, tmp_path: Path) -> None:
    opened(shop)
    first = shop.world.operator
    second = Operator(shop.world.cluster, first.log.parent, "second")
    second.start()
    try:
        follower = first if second.leads else second
        before = follower.metric("forestall_alerts_total", fate="taken")
        with alerting(tmp_path / "one", [receiver(follower)]) as alertmanager:
            alertmanager.post(alert(shop.namespace))
            shop.until("the follower's finding to be raised by the leader", lambda: states(shop) == ["Open"])
            shop.until(
                "the follower to count it", lambda: follower.metric("forestall_alerts_total", fate="taken") > before
            )
        taken = {one: one.metric("forestall_alerts_total", fate="taken") for one in (first, second)}
        with alerting(tmp_path / "both", [receiver(first), receiver(second)]) as alertmanager:
            alertmanager.post(alert(shop.namespace), alert(shop.namespace, pod="web-2"))
            shop.until(
                "both to be told",
                lambda: all(one.metric("forestall_alerts_total", fate="taken") > taken[one] for one in taken),
            )
            shop.until("both alerts to be stored", lambda: firing(shop) == 2)
            assert states(shop) == ["Open"]
            alertmanager.post(alert(shop.namespace, resolved=True), alert(shop.namespace, pod="web-2", resolved=True))
            shop.until("the finding to be cleared", lambda: states(shop) == ["Cleared"])
    finally:
        second.stop()


def test_an_alert_that_nobody_resolves_counts_as_gone_once_it_is_no_longer_told(shop: Shop, tmp_path: Path) -> None:
    opened(shop, mode="Open", taking=inspection(expireAfter="12s"), schedule={"interval": "1s"})
    broken(shop)
    taken, operator = "forestall_alerts_total", shop.world.operator
    with alerting(tmp_path, [receiver(operator)], repeat_interval=1) as alertmanager:
        alertmanager.post(alert(shop.namespace))
        plan = shop.pending()
        before = operator.metric(taken, fate="taken")
        shop.until("fifteen seconds of repeats", lambda: operator.metric(taken, fate="taken") >= before + 15)
        assert states(shop) == ["Planned"]
    shop.reaches(plan, "Cancelled")
    shop.until("the finding to be cleared", lambda: states(shop) == ["Cleared"])
    (finding,) = shop.all(FINDINGS)
    assert finding["status"]["transitions"][-1]["message"] == EXPIRED
    assert "closure" not in finding["status"]
    assert shop.jobs(plan) == []


def test_an_alert_of_a_node_is_a_finding_of_who_looks_at_nodes_and_one_of_another_namespace_is_not(
    shop: Shop, alertmanager: Alertmanager
) -> None:
    opened(shop, taking=inspection(target={"kind": "Node", "nameLabel": "node"}))
    fates = ("unmatched", "untargeted")
    before = counted(shop, *fates)
    alertmanager.post(of_node(NODES[0], namespace="kube-system"), of_node(NODES[1]), of_node("absent"))
    shop.until("the finding", lambda: states(shop) == ["Open"])
    shop.until(
        "the others to be counted",
        lambda: all(now > then for now, then in zip(counted(shop, *fates), before, strict=True)),
    )
    (finding,) = shop.all(FINDINGS)
    assert finding["spec"]["resource"] == {"kind": "Node", "namespace": "", "name": NODES[1]}
    assert finding["status"]["targets"][0]["kind"] == "Node"


def test_the_guides_policy_is_one(shop: Shop) -> None:
    _, policy = documented()
    policy["metadata"]["namespace"] = shop.namespace
    shop.put(POLICIES, policy, dryRun="All")
    assert list(problems(InspectionPolicy.model_validate(policy), {})) == []


def test_whoever_does_not_know_the_token_plants_no_finding(shop: Shop, tmp_path: Path) -> None:
    opened(shop)
    (tmp_path / "wrong").write_text("guessed")
    forger = receiver(shop.world.operator, tmp_path / "wrong")
    with alerting(tmp_path, [forger]) as alertmanager:
        alertmanager.post(alert(shop.namespace))
        shop.until(
            "the refusal", lambda: shop.world.operator.metric("forestall_alert_deliveries_total", code="401") > 0
        )
    assert shop.all(FINDINGS) == []


HOSTILE = (
    {"namespace": "kube-system"},
    {"alertname": "$(reboot)"},
    {"deployment": "gone"},
    {"deployment": "../../nodes/runner-1"},
    {"deployment": "Web\u202e\u0007 <script>"},
    {"junk": "x" * 5000},
    {f"label_{number}": "x" for number in range(100)},
)
"""Labels of alerts: two that no policy takes, three that name no object, two that cannot be read."""


def test_hostile_alerts_leave_nothing_behind_and_keep_no_other_from_its_finding(
    shop: Shop, alertmanager: Alertmanager
) -> None:
    opened(shop)
    operator, pid = shop.world.operator, shop.world.operator.pid
    fates = ("unmatched", "untargeted", "unreadable")
    before = counted(shop, *fates)
    hostile = [alert(shop.namespace, pod=f"web-{number}") for number in range(len(HOSTILE))]
    for one, labels in zip(hostile, HOSTILE, strict=True):
        one["labels"] |= labels
    alertmanager.post(*hostile, alert(shop.namespace, summary="\u202e\u0007\n<b>9 s</b>" + "y" * 3000))

    shop.until("the finding", lambda: states(shop) == ["Open"])
    shop.until(
        "the others to be counted",
        lambda: all(
            now - then >= least for now, then, least in zip(counted(shop, *fates), before, (2, 3, 2), strict=True)
        ),
    )
    (finding,) = shop.all(FINDINGS)
    (told,) = finding["status"]["alerts"]
    assert told["message"].startswith("Slow: <b>9 s</b>yyy")
    assert operator.pid == pid
