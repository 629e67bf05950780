"""Who holds which rights: no more than used, and only where they were given."""

import pytest

from forestall.adapters.resources import TWIN_KINDS
from tests.chart.rendering import ACTIONS, NAMESPACE, NODE_ACTIONS, WITH_NODES, Manifest, of_kind, render, rules

MANIFESTS = ("namespaces={shop,payments}",)


def bindings(manifests: list[Manifest], role: str) -> set[tuple[str, str]]:
    """Return where `role` is bound and to whom, as (namespace, subject)."""
    return {
        (manifest["metadata"].get("namespace", "*"), f"{subject['namespace']}/{subject['name']}")
        for manifest in manifests
        if manifest["kind"] in {"RoleBinding", "ClusterRoleBinding"} and manifest["roleRef"]["name"] == role
        for subject in manifest["subjects"]
    }


def test_no_role_holds_a_wildcard() -> None:
    for role, rule in rules(render(*MANIFESTS)):
        assert "*" not in (*rule["verbs"], *rule["apiGroups"], *rule["resources"]), role


def test_no_role_can_widen_rights_or_act_as_another() -> None:
    for role, rule in rules(render(*MANIFESTS)):
        assert not {"bind", "escalate", "impersonate"} & set(rule["verbs"]), role
        assert "serviceaccounts/token" not in rule["resources"], role


def test_no_role_reads_secrets() -> None:
    for role, rule in rules(render(*MANIFESTS)):
        assert "secrets" not in rule["resources"], role


def test_the_operator_deletes_only_what_a_policy_guards_and_holds_no_approve_verb() -> None:
    held = {role for _, role in _roles_of(f"{NAMESPACE}/forestall")}
    in_release = {"forestall-election", "forestall-policies"}
    assert held == {"forestall-operator", "forestall-jobs", "forestall-preview", *in_release}
    for role, rule in rules(render(*MANIFESTS)):
        if role in held:
            assert not {"deletecollection", "approve", "approve-high"} & set(rule["verbs"]), role
            guarded = {"findings", "remediationplans", "jobs"}
            assert "delete" not in rule["verbs"] or set(rule["resources"]) <= guarded, role


def test_the_operator_reads_all_that_the_twin_is_made_of_and_no_more_of_it() -> None:
    held = [rule for role, rule in rules(render(*MANIFESTS)) if role == "forestall-operator"]
    for kind in TWIN_KINDS:
        verbs = {
            verb
            for rule in held
            if kind.group in rule["apiGroups"] and kind.plural in rule["resources"]
            for verb in rule["verbs"]
        }
        assert verbs == {"get", "list", "watch"}, kind.plural


def test_the_operator_creates_jobs_in_the_action_namespace_only() -> None:
    held = [(role, rule) for role, rule in rules(render(*MANIFESTS)) if "jobs" in rule["resources"]]
    creating = {role for role, rule in held if not set(rule["verbs"]) <= {"get", "list", "watch"}}
    assert creating == {"forestall-jobs"}
    assert bindings(render(*MANIFESTS), "forestall-jobs") == {("forestall-actions", f"{NAMESPACE}/forestall")}


def test_the_operator_neither_approves_nor_pauses() -> None:
    held = {role for _, role in _roles_of(f"{NAMESPACE}/forestall")}
    for role, rule in rules(render(*MANIFESTS)):
        if role in held and {"remediationapprovals", "remediationpauses"} & set(rule["resources"]):
            assert set(rule["verbs"]) <= {"get", "list", "watch"}, role


def test_the_operator_reads_the_policies_and_the_config_map_by_name_only() -> None:
    named = {"validatingadmissionpolicies", "validatingadmissionpolicybindings", "configmaps"}
    held = [(role, rule) for role, rule in rules(render(*MANIFESTS)) if named & set(rule["resources"])]
    found = [rule for role, rule in held if role not in {"forestall-jobs", "forestall-scan"}]
    assert len(found) == 2
    assert all(rule["resourceNames"] and rule["verbs"] == ["get"] for rule in found)


def test_the_operator_reads_config_maps_in_the_namespaces_of_topology_only() -> None:
    listed = render("topology.namespaces={networks,sites}")
    assert bindings(listed, "forestall-topology") == {(one, f"{NAMESPACE}/forestall") for one in ("networks", "sites")}
    ((_, rule),) = [one for one in rules(listed) if one[0] == "forestall-topology"]
    assert (rule["resources"], set(rule["verbs"])) == (["configmaps"], {"get", "list", "watch"})
    assert bindings(render(*MANIFESTS), "forestall-topology") == set()


def test_a_scan_may_create_config_maps_beside_it_and_nothing_else() -> None:
    manifests, account = render(*MANIFESTS), "forestall-actions/forestall-scan"
    assert {role for _, role in _roles_of(account)} == {"forestall-scan"}
    assert bindings(manifests, "forestall-scan") == {("forestall-actions", account)}
    held = {role: rule for role, rule in rules(manifests) if "configmaps" in rule["resources"]}
    assert (held["forestall-scan"]["verbs"], held["forestall-scan"]["resources"]) == (["create"], ["configmaps"])
    assert set(held["forestall-jobs"]["verbs"]) == {"create", "get", "list"}


def test_the_operator_renews_its_own_lease_only() -> None:
    found = [(role, rule) for role, rule in rules(render(*MANIFESTS)) if "leases" in rule["resources"]]
    assert [(role, rule["verbs"], rule.get("resourceNames")) for role, rule in found] == [
        ("forestall-election", ["create"], None),
        ("forestall-election", ["get", "patch"], ["forestall"]),
    ]
    assert bindings(render(*MANIFESTS), "forestall-election") == {(NAMESPACE, f"{NAMESPACE}/forestall")}


def test_previews_and_actions_have_rights_in_the_listed_namespaces_only() -> None:
    manifests = render(*MANIFESTS)
    for namespaces in (("shop", "payments"), ()):
        listed = manifests if namespaces else render()
        assert bindings(listed, "forestall-preview") == {(name, f"{NAMESPACE}/forestall") for name in namespaces}
        for action in ACTIONS:
            account = f"forestall-action-{action}"
            wanted = {(name, f"forestall-actions/{account}") for name in namespaces}
            assert bindings(listed, account) == wanted


@pytest.mark.parametrize("action", NODE_ACTIONS)
def test_an_action_on_nodes_has_rights_only_where_it_is_enabled(action: str) -> None:
    account = f"forestall-action-{action}"
    enabled = render(f"actions.{action}.enabled=true")
    assert bindings(enabled, account) == {("*", f"forestall-actions/{account}")}
    assert bindings(enabled, "forestall-preview-nodes") == {("*", f"{NAMESPACE}/forestall")}
    assert bindings(render(*MANIFESTS), account) == set()
    assert bindings(render(*MANIFESTS), "forestall-preview-nodes") == set()


def test_an_action_may_read_and_patch_what_it_acts_on_and_only_drain_may_evict() -> None:
    wanted = {"pods/eviction": {"create"}, "pods": {"list"}, "replicasets": {"get", "list"}}
    for role, rule in rules(render(*MANIFESTS, *WITH_NODES)):
        if role.startswith("forestall-action-"):
            for resource in rule["resources"]:
                assert set(rule["verbs"]) == wanted.get(resource, {"get", "patch"}), role
                assert not resource.startswith("pods") or role == "forestall-action-drain"


def test_an_action_whose_rollback_restores_a_template_may_read_replicasets() -> None:
    reading = {role for role, rule in rules(render()) if "replicasets" in rule["resources"]}
    restoring = {f"forestall-action-{name}" for name in ("rollout-undo", "rollout-restart", "spread-replicas")}
    assert {role for role in reading if role.startswith("forestall-action-")} == restoring


def test_without_listed_namespaces_nothing_may_change_a_workload() -> None:
    manifests = render()
    bound = {m["roleRef"]["name"] for m in manifests if m["kind"] in {"RoleBinding", "ClusterRoleBinding"}}
    for role, rule in rules(manifests):
        if role in bound and {"deployments", "services"} & set(rule["resources"]):
            assert set(rule["verbs"]) <= {"get", "list", "watch"}


def test_only_the_view_role_aggregates_and_only_into_view() -> None:
    roles = of_kind(render(*MANIFESTS), "ClusterRole")
    aggregated = {
        (name, label)
        for name, role in roles.items()
        for label in role["metadata"]["labels"]
        if "rbac.authorization.k8s.io/" in label
    }
    assert aggregated == {("forestall-view", "rbac.authorization.k8s.io/aggregate-to-view")}
    assert all(set(rule["verbs"]) == {"get", "list", "watch"} for rule in roles["forestall-view"]["rules"])


def test_each_role_for_people_holds_its_own_verbs() -> None:
    verbs = {
        name: {
            (resource, verb) for _, rule in rules([role]) for resource in rule["resources"] for verb in rule["verbs"]
        }
        for name, role in of_kind(render(), "ClusterRole").items()
    }
    view, approve = verbs["forestall-view"], verbs["forestall-approve"]
    assert verbs["forestall-propose"] - view == {("remediationplans", "create")}
    assert approve - view == {
        ("remediationplans", "patch"),
        ("remediationapprovals", "create"),
        ("remediationapprovals", "delete"),
        ("inspectionpolicies", "approve"),
    }
    assert verbs["forestall-approve-high"] - approve == {("inspectionpolicies", "approve-high")}
    assert verbs["forestall-pause"] - view == {("remediationpauses", "create"), ("remediationpauses", "delete")}


def test_the_operator_runs_confined() -> None:
    pod = of_kind(render(), "Deployment")["forestall"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert pod["securityContext"]["runAsNonRoot"]
    assert pod["securityContext"]["runAsUser"] == 65532
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert not any(key in pod for key in ("hostNetwork", "hostPID", "hostIPC"))
    assert [volume["name"] for volume in pod["volumes"] if "emptyDir" in volume] == ["tmp"]


def test_pods_of_actions_must_be_restricted() -> None:
    labels = of_kind(render(), "Namespace")["forestall-actions"]["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"


def _roles_of(subject: str) -> set[tuple[str, str]]:
    manifests = render(*MANIFESTS)
    return {
        (namespace, role)
        for role in {m["roleRef"]["name"] for m in manifests if "roleRef" in m}
        for namespace, who in bindings(manifests, role)
        if who == subject
    }
