"""What the values do, and which ones the chart refuses."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import yaml

from tests.chart.rendering import ACTIONS, CHART, DIGEST, attempt, helm, of_kind, render


def operator(*values: str) -> Any:
    return of_kind(render(*values), "Deployment")["forestall"]["spec"]["template"]["spec"]


def environment(*values: str) -> dict[str, Any]:
    (container,) = operator(*values)["containers"]
    return {variable["name"]: variable.get("value") for variable in container["env"]}


def test_the_chart_passes_helms_linter() -> None:
    done = helm("lint", "--strict", str(CHART), "--set", f"image.digest={DIGEST}")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("value", "field"),
    [
        ("image.digest=", "/image/digest"),
        ("image.digest=latest", "/image/digest"),
        ("image.digest=sha256:123", "/image/digest"),
        ("image.repository=example.com/forestall@sha256:1", "/image/repository"),
        ("image.tag=a b", "/image/tag"),
        ("namespaces=shop", "/namespaces"),
        ("namespaces={Shop}", "/namespaces/0"),
        ("namespaces={shop,shop}", "/namespaces"),
        ("logLevel=loud", "/logLevel"),
        ("actions.namespace=", "/actions/namespace"),
        ("approval.gitopsServiceAccount=argocd", "/approval/gitopsServiceAccount"),
        ("approval.gitopsServiceAccount=a/b'c", "/approval/gitopsServiceAccount"),
        ("actions.scale.enabled=maybe", "/actions/scale/enabled"),
        ("actions.reboot.enabled=true", "reboot"),
        ("replicas=0", "/replicas"),
        ("replicas=two", "/replicas"),
        ("replicas=2", "/ledger"),
        ("ledger.size=much", "/ledger/size"),
        ("ledger.persistent=maybe", "/ledger/persistent"),
        ("tolerations=all", "/tolerations"),
        ("monitoring.dashboard=maybe", "/monitoring/dashboard"),
        ("scans.limit=0", "/scans/limit"),
        ("scans.limit=200001", "/scans/limit"),
        ("scans.parallelism=0", "/scans/parallelism"),
        ("scans.parallelism=101", "/scans/parallelism"),
        ("scans.shards=7", "shards"),
    ],
)
def test_a_bad_value_is_refused_by_a_message_that_names_it(value: str, field: str) -> None:
    done = attempt(value)
    assert done.returncode != 0
    assert field in done.stderr


def test_without_a_digest_nothing_is_rendered() -> None:
    done = helm("template", "forestall", str(CHART))
    assert done.returncode != 0
    assert "/image/digest" in done.stderr


def test_operator_and_actions_run_the_image_of_the_digest() -> None:
    values = ("image.repository=example.com/forestall", "image.tag=1.2.3")
    wanted = f"example.com/forestall:1.2.3@{DIGEST}"
    assert operator(*values)["containers"][0]["image"] == wanted
    assert environment(*values)["FORESTALL_ACTION_IMAGE"] == wanted


def test_values_reach_the_operator() -> None:
    values = (
        "logLevel=debug",
        "actions.namespace=fixes",
        "nodeSelector.disk=fast",
        "tolerations[0].operator=Exists",
        "affinity.podAffinity.x=y",
        "priorityClassName=high",
        "resources.limits.memory=1Gi",
    )
    pod, variables = operator(*values), environment(*values)
    assert variables["FORESTALL_LOG_LEVEL"] == "debug"
    assert variables["FORESTALL_ACTION_NAMESPACE"] == "fixes"
    assert pod["nodeSelector"] == {"disk": "fast"}
    assert pod["tolerations"] == [{"operator": "Exists"}]
    assert pod["affinity"] == {"podAffinity": {"x": "y"}}
    assert pod["priorityClassName"] == "high"
    assert pod["containers"][0]["resources"]["limits"] == {"memory": "1Gi"}


@pytest.mark.parametrize("action", ACTIONS)
def test_an_action_that_is_off_leaves_no_account_no_right_and_no_runbook(action: str) -> None:
    on = render("namespaces={shop}")
    off = render("namespaces={shop}", f"actions.{action}.enabled=false")
    gone = {(m["kind"], m["metadata"]["name"]) for m in on} - {(m["kind"], m["metadata"]["name"]) for m in off}
    account = f"forestall-action-{action}"
    rights = {("ServiceAccount", account), ("ClusterRole", account), ("RoleBinding", account)}
    assert gone == {("Runbook", action), *rights}


def test_one_replica_with_a_volume_is_replaced_and_never_doubled() -> None:
    rendered = render()
    assert of_kind(rendered, "Deployment")["forestall"]["spec"]["strategy"] == {"type": "Recreate"}
    assert of_kind(rendered, "PodDisruptionBudget") == {}
    assert "topologySpreadConstraints" not in operator()


@pytest.mark.parametrize("ledger", ["ledger.postgresqlSecret=ledger-database", "ledger.persistent=false"])
def test_several_replicas_are_spread_replaced_one_by_one_and_never_drained_at_once(ledger: str) -> None:
    values = ("replicas=2", ledger)
    spec = of_kind(render(*values), "Deployment")["forestall"]["spec"]
    assert (spec["replicas"], spec["strategy"]) == (
        2,
        {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
    )
    selected = spec["selector"]
    spread = {one["topologyKey"]: one["labelSelector"] for one in operator(*values)["topologySpreadConstraints"]}
    assert spread == {"kubernetes.io/hostname": selected, "topology.kubernetes.io/zone": selected}
    (budget,) = of_kind(render(*values), "PodDisruptionBudget").values()
    assert (budget["spec"]["minAvailable"], budget["spec"]["selector"]) == (1, selected)


def test_each_replica_is_known_by_its_pods_name() -> None:
    (named,) = [one for one in operator()["containers"][0]["env"] if one["name"] == "FORESTALL_REPLICA"]
    assert named["valueFrom"] == {"fieldRef": {"fieldPath": "metadata.name"}}


def test_every_value_is_described_in_the_charts_readme() -> None:
    readme = (CHART / "README.md").read_text()
    missing = [path for path in _leaves(yaml.safe_load((CHART / "values.yaml").read_text())) if path not in readme]
    assert missing == []


def _leaves(values: Mapping[str, Any], above: str = "") -> Iterator[str]:
    for name, value in values.items():
        if isinstance(value, dict) and value and name != "resources":
            yield from _leaves(value, f"{above}{name}.")
        else:
            yield f"`{above}{name}`"


def test_the_ledger_is_kept_on_a_claim_that_outlives_the_release() -> None:
    (claim,) = of_kind(render("ledger.size=5Gi"), "PersistentVolumeClaim").values()
    assert claim["metadata"]["annotations"] == {"helm.sh/resource-policy": "keep"}
    assert claim["spec"] == {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "5Gi"}}}
    assert ledger_volume() == {"name": "ledger", "persistentVolumeClaim": {"claimName": claim["metadata"]["name"]}}
    (mount,) = [one for one in operator()["containers"][0]["volumeMounts"] if one["name"] == "ledger"]
    assert environment()["FORESTALL_LEDGER"].startswith(f"{mount['mountPath']}/")
    chosen = of_kind(render("ledger.storageClassName=fast"), "PersistentVolumeClaim")
    assert chosen["forestall-ledger"]["spec"]["storageClassName"] == "fast"


def test_without_a_claim_the_ledger_ends_with_its_pod() -> None:
    assert ledger_volume("ledger.persistent=false") == {"name": "ledger", "emptyDir": {"sizeLimit": "1Gi"}}
    assert of_kind(render("ledger.persistent=false"), "PersistentVolumeClaim") == {}


def test_a_ledger_in_postgresql_has_its_address_from_a_secret_and_needs_no_volume() -> None:
    chosen = "ledger.postgresqlSecret=ledger-database"
    (address,) = [one for one in operator(chosen)["containers"][0]["env"] if one["name"] == "FORESTALL_LEDGER"]
    assert address["valueFrom"] == {"secretKeyRef": {"name": "ledger-database", "key": "url"}}
    assert [one["name"] for one in operator(chosen)["volumes"]] == ["tmp"]
    assert [one["name"] for one in operator(chosen)["containers"][0]["volumeMounts"]] == ["tmp"]
    assert of_kind(render(chosen), "PersistentVolumeClaim") == {}


RECEIVING = ("alerts.tokenSecret=alerts-token", "alerts.tlsSecret=alerts-tls")


def test_no_alerts_are_received_unless_somebody_says_so() -> None:
    assert "forestall-alerts" not in of_kind(render(), "Service")
    assert not [name for name in environment() if name.startswith("FORESTALL_ALERTS")]
    assert [port["name"] for port in operator()["containers"][0]["ports"]] == ["http"]


def test_alerts_come_in_by_a_service_of_their_own_with_token_and_certificate_from_secrets() -> None:
    service = of_kind(render(*RECEIVING), "Service")["forestall-alerts"]["spec"]
    (container,) = operator(*RECEIVING)["containers"]
    named = {port["name"]: port["containerPort"] for port in container["ports"]}
    assert service["ports"] == [{"name": "alerts", "port": 9443, "targetPort": "alerts"}]
    assert environment(*RECEIVING)["FORESTALL_ALERTS_PORT"] == str(named["alerts"])

    mounts = {one["name"]: one["mountPath"] for one in container["volumeMounts"]}
    assert environment(*RECEIVING)["FORESTALL_ALERTS_TOKEN"] == f"{mounts['alerts-token']}/token"
    assert environment(*RECEIVING)["FORESTALL_ALERTS_CERTIFICATE"] == mounts["alerts-tls"]
    secrets = {one["name"]: one["secret"] for one in operator(*RECEIVING)["volumes"] if "secret" in one}
    assert {name: one["secretName"] for name, one in secrets.items()} == {
        "alerts-token": "alerts-token",
        "alerts-tls": "alerts-tls",
    }
    assert {item["path"] for one in secrets.values() for item in one["items"]} == {"token", "tls.crt", "tls.key"}


@pytest.mark.parametrize("alone", RECEIVING)
def test_a_token_never_crosses_the_network_in_the_clear(alone: str) -> None:
    done = attempt(alone)
    assert done.returncode != 0
    assert "/alerts/tlsSecret" in done.stderr


def ledger_volume(*values: str) -> Any:
    (volume,) = [one for one in operator(*values)["volumes"] if one["name"] == "ledger"]
    return volume
