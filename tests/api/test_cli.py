"""The plugin against a real API server with the chart's admission policies: who decides, on what, and how it ends."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.api.installation import (
    ACCOUNTS,
    API,
    GROUPS,
    TEAM,
    Installation,
    finding,
    findings,
    install,
    pauses,
    plan,
    plans,
)
from tests.api.person import expect
from tests.unit.cli import objects
from tools.cluster import build
from tools.cluster.api_tier import ApiTier
from tools.cluster.fake_nodes import FakeNodes
from tools.cluster.process import wait_until
from tools.cluster.rest import Rest

pytestmark = pytest.mark.api

PLUGIN = Path(sys.executable).with_name("kubectl-forestall")
OBSERVE = Path(__file__).parents[2] / "examples" / "observe.yaml"
DIGEST = objects.DIGEST
Done = subprocess.CompletedProcess[str]


@pytest.fixture(scope="module")
def world(cluster: ApiTier) -> Iterator[Installation]:
    with install(cluster) as installation:
        found = finding("imagepull-web")
        expect(installation["operator"].create(findings(), found), None)
        status = {"status": objects.finding()["status"]}
        expect(installation["operator"].patch(findings("imagepull-web/status"), status), None)
        yield installation


@pytest.fixture(scope="module")
def names() -> Iterator[str]:
    return (f"cli-{number}" for number in count())


def given(world: Installation, name: str, **status: Any) -> str:
    """A plan with the status that the operator gives one that waits, changed by `status`."""
    expect(world["operator"].create(plans(), plan(name)), None)
    found(world, name, **{**objects.plan()["status"], **status})
    return name


def found(world: Installation, name: str, **status: Any) -> None:
    expect(world["operator"].patch(plans(f"{name}/status"), {"status": status}), None)


def annotations(world: Installation, name: str) -> dict[str, str]:
    held: dict[str, str] = world["admin"].send("GET", plans(name)).body["metadata"].get("annotations", {})
    return held


def kubeconfig(cluster: ApiTier, who: str) -> Path:
    if who in ACCOUNTS:
        return cluster.service_account_kubeconfig(*ACCOUNTS[who])
    return cluster.user_kubeconfig(who, GROUPS[who])


def run(cluster: ApiTier, who: str, *args: str) -> Done:
    """Run the installed plugin as `who`, in the team's namespace."""
    whole = (str(PLUGIN), *args, "--namespace", TEAM, "--kubeconfig", str(kubeconfig(cluster, who)))
    return subprocess.run(whole, capture_output=True, text=True, check=False, timeout=120)


def test_approve_writes_the_digest_and_the_certificates_name(
    cluster: ApiTier, world: Installation, names: Iterator[str]
) -> None:
    name = given(world, next(names))
    done = run(cluster, "alice", "approve", name, "--yes", "--digest", DIGEST)
    assert done.returncode == 0, done.stderr
    held = world["admin"].send("GET", plans(name)).body["metadata"]
    assert held["annotations"] == {"forestall.dev/approve": DIGEST, "forestall.dev/approved-by": "alice"}
    assert "forestall-approve" in {entry["manager"] for entry in held["managedFields"]}


REFUSALS = {
    ("dave", "Low"): "dave may not approve plans of inspection policy payments",
    ("alice", "High"): "alice may not approve-high plans of inspection policy payments",
    ("robot", "Low"): "service accounts can neither approve nor reject",
}


@pytest.mark.parametrize(("who", "risk"), REFUSALS)
def test_a_refusal_is_told_in_the_servers_words_and_changes_nothing(
    cluster: ApiTier, world: Installation, names: Iterator[str], who: str, risk: str
) -> None:
    name, words = given(world, next(names), riskClass=risk), REFUSALS[who, risk]
    for command in (("approve", name, "--yes"), ("reject", name, "--reason", "no")):
        done = run(cluster, who, *command)
        assert done.returncode == 4, done.stderr
        assert words in done.stderr
    assert annotations(world, name) == {}


def test_who_may_not_read_is_refused_too(cluster: ApiTier, world: Installation) -> None:
    done = run(cluster, "olga", "plans")
    assert done.returncode == 4
    assert 'User "olga" cannot list resource "remediationplans"' in done.stderr


@pytest.mark.parametrize("phase", ["Executing", "Stale"])
def test_a_plan_in_another_phase_is_left_alone(
    cluster: ApiTier, world: Installation, names: Iterator[str], phase: str
) -> None:
    name = given(world, next(names), phase=phase)
    done = run(cluster, "alice", "approve", name, "--yes")
    assert done.returncode == 3, done.stderr
    assert annotations(world, name) == {}


def test_reject_writes_the_reason_and_the_name(cluster: ApiTier, world: Installation, names: Iterator[str]) -> None:
    name = given(world, next(names))
    assert run(cluster, "alice", "reject", name, "--reason", "not on a Friday").returncode == 0
    rejection = {"forestall.dev/reject": "not on a Friday", "forestall.dev/rejected-by": "alice"}
    assert annotations(world, name) == rejection
    again = run(cluster, "alice", "approve", name, "--yes")
    assert again.returncode == 4
    assert "a rejected plan cannot be approved" in again.stderr


def test_the_plain_command_that_show_prints_approves_as_well(
    cluster: ApiTier, world: Installation, names: Iterator[str]
) -> None:
    name = given(world, next(names))
    shown = json.loads(run(cluster, "alice", "show", name, "--output", "json").stdout)
    assert shown["plan"]["status"]["planDigest"] == DIGEST
    assert shown["finding"]["status"]["severity"] == "major"
    done = subprocess.run(("sh", "-c", shown["approveCommand"]), env=environment(cluster, "alice"), check=False)
    assert done.returncode == 0
    assert annotations(world, name) == {"forestall.dev/approve": DIGEST, "forestall.dev/approved-by": "alice"}


def environment(cluster: ApiTier, who: str) -> dict[str, str]:
    """The shell of `who`, with kubectl and the plugin on its path."""
    path = os.pathsep.join((str(build.binary("kubectl").parent), str(PLUGIN.parent), os.environ["PATH"]))
    home = cluster.folder / "home"
    return {**os.environ, "PATH": path, "KUBECONFIG": str(kubeconfig(cluster, who)), "HOME": str(home)}


def test_kubectl_finds_the_plugin_and_its_json_parses(
    cluster: ApiTier, world: Installation, names: Iterator[str]
) -> None:
    name = given(world, next(names))
    answers = {}
    for command in ("plans", "status"):
        argv = ("kubectl", "forestall", command, "--namespace", TEAM, "-o", "json")
        done = subprocess.run(
            argv, env=environment(cluster, "erin"), capture_output=True, text=True, check=False, timeout=120
        )
        assert done.returncode == 0, done.stderr
        answers[command] = json.loads(done.stdout)
    assert name in {one["name"] for one in answers["plans"]["plans"] if one["namespace"] == TEAM}
    assert {"class": "Problem", "severity": "major", "count": 1} in answers["status"]["openFindings"]


@pytest.mark.parametrize(("phase", "code"), [("Succeeded", 0), ("Failed", 5)])
def test_wait_follows_the_plan_to_its_end(
    cluster: ApiTier, world: Installation, names: Iterator[str], phase: str, code: int
) -> None:
    name = given(world, next(names))
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(run, cluster, "alice", "approve", name, "--yes", "--wait")
        wait_until("the approval", lambda: bool(annotations(world, name)))
        assert not waiting.done()
        found(world, name, phase="Executing", message="runs rollout-undo")
        found(world, name, phase=phase, message="the end")
        done = waiting.result()
    assert done.returncode == code
    assert f"{phase}: the end" in done.stdout


def test_a_pause_is_made_and_ended_by_who_may(cluster: ApiTier, world: Installation) -> None:
    made = run(cluster, "gina", "pause", "--reason", "a release", "--stop", "--for", "1h", "-o", "json")
    assert made.returncode == 0, made.stderr
    name = json.loads(made.stdout)["name"]
    held = world["admin"].send("GET", pauses(name)).body["spec"]
    assert (held["who"], held["level"], held["reason"]) == ("gina", "Stop", "a release")
    assert run(cluster, "frank", "resume", name).returncode == 4
    assert run(cluster, "gina", "resume").returncode == 0
    assert world["admin"].send("GET", pauses(name)).code == 404


def test_who_holds_no_right_cannot_pause(cluster: ApiTier, world: Installation) -> None:
    done = run(cluster, "frank", "pause", "--reason", "I would like to")
    assert done.returncode == 4
    assert 'User "frank" cannot create resource "remediationpauses"' in done.stderr


def test_take_over_writes_the_reason_and_the_name_of_who_may_change_the_plan(
    cluster: ApiTier, world: Installation, names: Iterator[str]
) -> None:
    name = given(world, next(names), phase="Executing")
    refused = run(cluster, "robot", "take-over", name, "--reason", "mine")
    assert refused.returncode == 4
    assert "service accounts cannot take plans over" in refused.stderr
    assert run(cluster, "bob", "take-over", name, "--reason", "I know this one").returncode == 0
    claim = {"forestall.dev/take-over": "I know this one", "forestall.dev/taken-over-by": "bob"}
    assert annotations(world, name) == claim


def test_wait_sees_a_finding_come_to_rest(cluster: ApiTier, world: Installation) -> None:
    expect(world["operator"].create(findings(), finding("restless")), None)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(run, cluster, "erin", "wait", "restless", "--for", "Closed", "--timeout", "2m")
        patch = {"status": {"state": "Closed"}}
        expect(world["operator"].patch(findings("restless/status"), patch), None)
        done = waiting.result()
    assert done.returncode == 0, done.stderr
    listed = json.loads(run(cluster, "erin", "findings", "-o", "json").stdout)["findings"]
    assert "restless" not in {one["name"] for one in listed}


def test_doctor_finds_on_a_real_cluster_who_could_approve(cluster: ApiTier, world: Installation) -> None:
    argv = (PLUGIN, "doctor", "--output", "json", "--kubeconfig", kubeconfig(cluster, "admin"))
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 1, "nothing runs the operator here, and programs hold rights"
    found = json.loads(done.stdout)
    held = {(one["right"], one["who"], one["namespace"], *one["names"]) for one in found["grants"]}
    assert {("approve", "approvers", TEAM, "payments"), ("impersonate", "system:masters", "")} <= held
    told = "; ".join(found["dangers"])
    assert "the operator's Deployment forestall-system/forestall could not be read" in told
    assert "system:serviceaccount:team:robot may approve-high in namespace team" in told
    assert "admission policies" not in told, "they are as shipped"


@pytest.fixture(scope="module")
def payments(world: Installation) -> str:
    """The policy that the plans are for, not inspected by anybody."""
    manifest = yaml.safe_load(OBSERVE.read_text())
    manifest["metadata"].update(name="payments", namespace=TEAM)
    undo = {"name": "undo", "match": {"types": ["ImagePull"]}, "mode": "Open", "ladder": [{"runbook": "rollout-undo"}]}
    manifest["spec"]["responses"] = [undo]
    expect(world["admin"].create(f"{API}/namespaces/{TEAM}/inspectionpolicies", manifest), None)
    return "payments"


def test_readiness_has_the_api_servers_word_on_every_right(cluster: ApiTier, payments: str) -> None:
    done = run(cluster, "admin", "readiness", payments, "--output", "json")
    assert done.returncode == 3, "nothing runs the operator here"
    lines = {one["what"]: one for one in json.loads(done.stdout)["lines"]}
    assert lines["the operator may preview changes of Deployments"]["holds"], "the chart was told of the namespace"
    assert lines["account forestall-action-rollout-undo may change Deployments"]["holds"]
    assert lines["somebody may approve plans of high risk"]["holds"], "carol's group may"
    assert lines["the twin cluster is whole"]["missing"] == "there is no NetworkTwin cluster"
    assert all(one["remedy"] for one in lines.values() if not one["holds"])


def test_who_may_not_read_what_it_takes_is_told_so(cluster: ApiTier, payments: str) -> None:
    done = run(cluster, "erin", "readiness", payments)
    assert done.returncode == 4, done.stdout
    assert 'User "erin" cannot list resource "runbooks"' in done.stderr


def test_explain_reads_what_the_operator_wrote(
    cluster: ApiTier, world: Installation, payments: str, names: Iterator[str]
) -> None:
    name = given(world, next(names))
    told = run(cluster, "erin", "explain", name)
    assert told.returncode == 0, told.stderr
    assert "scale was rejected by the twin: ready: NotFulfilled, and worse than before" in told.stdout
    expect(world["operator"].create(findings(), finding("unplanned")), None)
    status = {"state": "Open", "noPlanReason": "there is no Runbook scael"}
    expect(world["operator"].patch(findings("unplanned/status"), {"status": status}), None)
    assert "there is no Runbook scael" in run(cluster, "erin", "explain", "unplanned").stdout


GUIDE = Path(__file__).parents[2] / "docs" / "guide" / "twin-cli.md"
HOST = "twin-host"


@pytest.fixture
def live_twin(cluster: ApiTier, world: Installation, namespace: str) -> Iterator[str]:
    """A twin of a namespace with a Service on one ready node, and olga with the rights that the guide asks for."""
    role = yaml.safe_load(GUIDE.read_text().split("```yaml\n", 1)[1].split("```", 1)[0])
    binding = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": role["metadata"]["name"]},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role["metadata"]["name"]},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "olga"}],
    }
    twin = {
        "apiVersion": "forestall.dev/v1alpha1",
        "kind": "NetworkTwin",
        "metadata": {"name": "live"},
        "spec": {"sources": [{"name": "objects", "kubernetes": {"namespaces": [namespace]}}]},
    }
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "web", "namespace": namespace, "labels": {"app": "web"}},
        "spec": {"nodeName": HOST, "containers": [{"name": "main", "image": "example.com/web:1"}]},
    }
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "web", "namespace": namespace},
        "spec": {"selector": {"app": "web"}, "ports": [{"port": 80}]},
    }
    given = yaml.safe_dump_all([role, binding, twin, service, pod])
    # Without signs of life the node would be given up while it is asked about, and the pod on it with it.
    with FakeNodes(Rest(cluster.kubeconfig), [HOST]):
        cluster.kubectl("label", "node", HOST, "topology.kubernetes.io/zone=twin-zone")
        cluster.kubectl("apply", "-f", "-", input=given)
        ready = json.dumps({"status": {"conditions": [{"type": "Ready", "status": "True"}]}})
        patch = ("--subresource=status", "--type=merge", "--patch", ready)
        cluster.kubectl("patch", "pod", "web", "-n", namespace, *patch)
        may = ("auth", "can-i", "list", "nodes")
        wait_until("olga's rights", lambda: cluster.kubectl(*may, user="olga", check=False).returncode == 0)
        yield "live"
        cluster.kubectl("delete", "--wait=false", "-f", "-", input=given)


def test_the_live_twin_is_asked_with_the_rights_of_the_guide(cluster: ApiTier, live_twin: str, namespace: str) -> None:
    def asked(command: str, *args: str) -> tuple[int, Any]:
        words = ("twin", command, "--twin", live_twin, *args, "--output", "json")
        argv = (str(PLUGIN), *words, "--kubeconfig", str(kubeconfig(cluster, "olga")))
        done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=120)
        return done.returncode, json.loads(done.stdout)

    code, shown = asked("show")
    counts = {one["kind"]: one["count"] for one in shown["objects"]}
    assert (code, shown["remarks"], counts["Pod"], counts["Service"]) == (0, [], 1, 1)
    code, lost = asked("what-if", "--fail", f"node/{HOST}")
    assert code == 1
    assert lost["objects"]["steps"][0]["services"] == [
        {"element": f"Service/{namespace}/web", "readyBefore": 1, "readyAfter": 0}
    ]
    code, single = asked("spof")
    found = {one["element"]: one["services"] for one in single["objects"]["singlePoints"]}
    assert (code, found) == (
        1,
        {
            f"Node/{HOST}": [f"{namespace}/web"],
            "RiskGroup/topology.kubernetes.io/zone=twin-zone": [f"{namespace}/web"],
        },
    )


def completed(cluster: ApiTier, who: str, *words: str) -> list[str]:
    """What kubectl itself offers for the last of the words behind `kubectl forestall`."""
    argv = ("kubectl", "__complete", "forestall", *words)
    done = subprocess.run(argv, env=environment(cluster, who), capture_output=True, text=True, check=False, timeout=120)
    return [line.partition("\t")[0] for line in done.stdout.splitlines()]


def test_kubectl_completes_the_plugins_commands_and_names(
    cluster: ApiTier, world: Installation, names: Iterator[str]
) -> None:
    name = given(world, next(names))
    assert completed(cluster, "erin", "readi") == ["readiness", ":4"]
    offered = partial(completed, cluster, "erin", "approve", "--namespace", TEAM, "")
    # Nothing is offered where the API server is slow to answer: who wants a name then asks again.
    wait_until(f"{name} to be offered", lambda: name in offered())
    assert completed(cluster, "olga", "approve", "--namespace", TEAM, "") == [":4"], "olga may list nothing"


def test_a_context_of_any_kubeconfig_is_reached_and_its_namespace_taken(
    cluster: ApiTier, world: Installation, names: Iterator[str], tmp_path: Path
) -> None:
    name, content = given(world, next(names)), yaml.safe_load(kubeconfig(cluster, "erin").read_text())
    here = content["contexts"][0]["context"]
    nowhere = {"name": "nowhere", "cluster": {"server": "https://127.0.0.1:1"}}
    content["clusters"].append(nowhere)
    content["contexts"] = [
        {"name": "there", "context": {**here, "namespace": TEAM}},
        {"name": "lost", "context": {**here, "cluster": "nowhere"}},
    ]
    content["current-context"] = "lost"
    path = tmp_path / "config"
    path.write_text(yaml.safe_dump(content))
    argv = (PLUGIN, "plans", "--kubeconfig", path, "-o", "json")
    found, lost, unknown = (
        subprocess.run((*argv, *more), capture_output=True, text=True, check=False, timeout=120)
        for more in (("--context", "there"), (), ("--context", "unheard-of"))
    )
    assert name in {one["name"] for one in json.loads(found.stdout)["plans"]}
    assert (lost.returncode, unknown.returncode) == (1, 1)
    assert "the kubeconfig leads to no cluster" in unknown.stderr


Change = Callable[[dict[str, Any]], object]
FAULTS: Mapping[str, tuple[Change, bool]] = {
    "as shipped": (lambda spec: None, True),
    "no kind of goal": (lambda spec: spec["goals"][0].pop("available"), False),
    "two kinds": (lambda spec: spec["inspections"][0].update(singlePointOfFailure={}), False),
    "text for a number": (lambda spec: spec["goals"][0]["available"].update(minReady="2"), False),
    "out of bounds": (lambda spec: spec["goals"][0]["available"].update(minReady=0), False),
    "unknown check": (lambda spec: spec["inspections"][0]["workload"].update(checks=["ImagePul"]), False),
    "no duration": (lambda spec: spec.update(schedule={"interval": "5 minutes"}), False),
    "unknown field": (lambda spec: spec.update(goal=[]), False),
    "a name twice": (lambda spec: spec["goals"].append(spec["goals"][0]), False),
    "nothing for an object": (lambda spec: spec["inspections"][1].update(singlePointOfFailure=None), False),
    "nothing for text": (lambda spec: spec["goals"][0].update(name=None), False),
    "missing": (lambda spec: spec.pop("twinRef"), False),
    "too long": (lambda spec: spec["goals"][0].update(name="a" * 64), False),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_lint_and_the_api_server_agree_on_a_manifest(
    cluster: ApiTier, world: Installation, tmp_path: Path, fault: str
) -> None:
    change, sound = FAULTS[fault]
    manifest = yaml.safe_load(OBSERVE.read_text())
    manifest["metadata"].update(name="linted", namespace=TEAM)
    change(manifest["spec"])
    (tmp_path / "policy.yaml").write_text(yaml.safe_dump(manifest))
    linted = subprocess.run((PLUGIN, "lint", tmp_path / "policy.yaml"), capture_output=True, text=True, check=False)
    assert (linted.returncode == 0) is sound, linted.stdout + linted.stderr
    answer = world["admin"].create(
        f"{API}/namespaces/{TEAM}/inspectionpolicies", manifest, dryRun="All", fieldValidation="Strict"
    )
    assert answer.allowed is sound, answer.message


def test_a_cluster_that_is_not_there_is_an_error_with_a_remedy(cluster: ApiTier, tmp_path: Path) -> None:
    content = json.loads(cluster.kubectl("config", "view", "--raw", "-o", "json").stdout)
    content["clusters"][0]["cluster"]["server"] = "https://127.0.0.1:1"
    path = tmp_path / "config"
    path.write_text(json.dumps(content))
    argv = (PLUGIN, "plans", "--kubeconfig", path)
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 1
    assert "the API server does not answer" in done.stderr
    assert "remedy: " in done.stderr
    assert "Traceback" not in done.stderr
