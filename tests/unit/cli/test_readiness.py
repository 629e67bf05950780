"""`readiness` reads a policy and all around it, says what is missing up to a stage, and ends by an exit code."""

import json
from typing import Any

from typer.testing import Result

from forestall.ports import Json, KubeError, Resource
from tests.unit.cli.cluster import Cluster
from tests.unit.cli.objects import meta
from tests.unit.cli.running import run, text_of
from tests.unit.cli.test_rights import bound, role, rule
from tests.unit.cli.test_stages import ACTION, OPERATOR, RESPONSE, UNDO, policy, twin

RIGHTS = {(who, "patch", "Deployment", "shop") for who in (OPERATOR, ACTION)}
GROUP: Json = {"kind": "Group", "name": "on-call"}


def deployment(ready: int = 1, **env: str) -> Json:
    variables = [{"name": name, "value": value} for name, value in env.items()]
    pod = {"spec": {"containers": [{"name": "operator", "env": variables}]}}
    return {
        "kind": "Deployment",
        "metadata": {**meta("forestall"), "namespace": "forestall-system"},
        "spec": {"template": pod},
        "status": {"readyReplicas": ready},
    }


def approvers() -> list[Json]:
    verbs = [rule("forestall.dev", "inspectionpolicies", verb) for verb in ("approve", "approve-high")]
    own = role("on-call", *verbs)
    return [own, {"kind": "RoleBinding", **bound(own, GROUP, namespace="shop")}]


def cluster(*more: Json, **mode: Any) -> Cluster:
    """A policy that lacks nothing, and an installation that works."""
    stored = policy(({**RESPONSE, **mode},)).to_json()
    objects = [
        {**stored, "kind": "InspectionPolicy"},
        {**twin().to_json(), "kind": "NetworkTwin", "metadata": {"name": "main"}},
        {**UNDO.to_json(), "kind": "Runbook"},
        deployment(),
        *approvers(),
        *more,
    ]
    made = Cluster(objects)
    made.rights = set(RIGHTS)
    return made


def readiness(known: Cluster, *args: str) -> Result:
    return run(known, "readiness", "web", *args)


def test_a_policy_that_lacks_nothing_is_ready() -> None:
    result = readiness(cluster())
    assert result.exit_code == 0, result.stdout
    text = text_of(result)
    assert text.startswith("shop/web: ready for Open\n\nObserve\n  yes  the operator runs\n")
    assert "\nOpen\n  yes  approvals are enforced\n" in text


def test_what_is_missing_stands_above_its_remedy_and_the_exit_code_is_not_now() -> None:
    result = readiness(cluster(mode="Propose"))
    assert result.exit_code == 3
    assert "shop/web: 1 missing for Open" in result.stdout
    assert (
        "  no   response undo runs what is approved: its mode is Propose\n       remedy: set its mode to Open\n"
        in result.stdout
    )
    assert "error: 1 missing for Open" in result.stderr


def test_only_the_stages_asked_for_are_looked_at() -> None:
    result = readiness(cluster(mode="Propose"), "--for", "Propose")
    assert result.exit_code == 0
    assert "\nOpen\n" not in result.stdout
    assert readiness(cluster(), "--for", "Closed").exit_code == 2


def test_json_says_how_far_the_policy_is() -> None:
    answer = json.loads(readiness(cluster(mode="Observe"), "-o", "json").stdout)
    assert (answer["policy"], answer["stage"], answer["reached"], answer["ready"]) == ("web", "Open", "Observe", False)
    assert [line["remedy"] for line in answer["lines"] if not line["holds"]] == [
        "set its mode to Propose",
        "set its mode to Open",
    ]


def missing(known: Cluster, *args: str) -> dict[str, str]:
    lines = json.loads(readiness(known, *args, "-o", "json").stdout)["lines"]
    return {line["what"]: line["missing"] for line in lines if not line["holds"]}


def test_a_right_that_the_api_server_denies_is_missing() -> None:
    bare = cluster()
    bare.rights = set()
    assert set(missing(bare)) == {
        "the operator may preview changes of Deployments",
        "account forestall-action-rollout-undo may change Deployments",
    }


def test_an_operator_elsewhere_is_looked_for_where_it_is() -> None:
    assert "could not be read" in missing(cluster(), "--system", "fixers")["the operator runs"]


def test_accounts_are_those_that_the_deployment_names() -> None:
    known = cluster(deployment(FORESTALL_ACTION_NAMESPACE="fixes"))
    assert set(missing(known)) == {"account forestall-action-rollout-undo may change Deployments"}
    known.rights.add(("system:serviceaccount:fixes:forestall-action-rollout-undo", "patch", "Deployment", "shop"))
    assert missing(known) == {}


def test_a_pause_everywhere_is_one_here() -> None:
    spec = {"level": "Stop", "reason": "a release", "who": "gina"}
    pause = {"kind": "RemediationPause", "metadata": {**meta("p"), "namespace": "forestall-system"}, "spec": spec}
    assert "gina paused it (a release)" in missing(cluster(pause))["nobody has paused it"]


class Discreet(Cluster):
    """Does not answer who holds which right."""

    async def list(self, resource: Resource, *args: Any, **more: Any) -> Any:
        if resource.kind.endswith("Binding"):
            raise KubeError(403, "Forbidden", "ann cannot list rolebindings")
        return await super().list(resource, *args, **more)

    async def can(self, *_: Any) -> bool:
        raise KubeError(403, "Forbidden", "ann cannot create subjectaccessreviews")


def test_what_cannot_be_asked_is_missing() -> None:
    known = Discreet(cluster().objects.values())
    told = missing(known)
    assert told["somebody may approve plans of low risk"].endswith("ann cannot list rolebindings")
    assert told["the operator may preview changes of Deployments"].endswith("ann cannot create subjectaccessreviews")


def test_a_policy_that_is_not_there_is_an_error() -> None:
    assert run(cluster(), "readiness", "other").exit_code == 1
