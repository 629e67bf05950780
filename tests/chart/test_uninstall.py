"""What is made right before the release goes: confined, with rights for as long as that takes, and gone afterwards."""

from tests.chart.rendering import NAMESPACE, hooks, of_kind, render, rules

VALUES = ("namespaces={shop}", "actions.namespace=acts", "tolerations[0].key=infra", "nodeSelector.disk=ssd")


def test_all_of_it_is_made_before_the_release_goes_and_removed_again() -> None:
    for manifest in hooks(*VALUES):
        annotations = manifest["metadata"]["annotations"]
        assert annotations["helm.sh/hook"] == "pre-delete"
        assert annotations["helm.sh/hook-delete-policy"] == "before-hook-creation,hook-succeeded"
        assert manifest["metadata"]["name"] == "forestall-uninstall"
        assert (annotations.get("helm.sh/hook-weight") == "-1") == (manifest["kind"] != "Job")


def test_nothing_of_it_is_part_of_the_release() -> None:
    assert not any(manifest["metadata"]["name"] == "forestall-uninstall" for manifest in render(*VALUES))


def test_its_rights_are_those_that_it_uses() -> None:
    held = {
        (resource, verb)
        for _, rule in rules(hooks(*VALUES))
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }
    assert held == {
        *(("remediationplans", verb) for verb in ("get", "list", "patch")),
        *(("remediationpauses", verb) for verb in ("create", "delete")),
        *(("deployments", verb) for verb in ("get", "patch")),
        ("pods", "list"),
        ("leases", "delete"),
        *(("jobs", verb) for verb in ("list", "delete")),
    }
    own = {"deployments", "leases"}
    named = [rule["resourceNames"] for _, rule in rules(hooks(*VALUES)) if own & set(rule["resources"])]
    assert named == [["forestall"], ["forestall"]]


def test_its_rights_on_jobs_hold_where_actions_run_and_no_others_do() -> None:
    places = {
        tuple(rule["resources"]): manifest["metadata"].get("namespace", "*")
        for manifest in hooks(*VALUES)
        for _, rule in rules([manifest])
    }
    assert places[("jobs",)] == "acts"
    assert places[("pods",)] == places[("deployments",)] == places[("remediationpauses",)] == NAMESPACE
    assert places[("remediationplans",)] == "*"


def test_it_runs_where_the_operator_runs_as_confined_and_by_the_same_image() -> None:
    hook = of_kind(hooks(*VALUES), "Job")["forestall-uninstall"]["spec"]["template"]["spec"]
    operator = of_kind(render(*VALUES), "Deployment")["forestall"]["spec"]["template"]["spec"]
    for field in ("nodeSelector", "tolerations"):
        assert hook[field] == operator[field]
    for field in ("image", "securityContext"):
        assert hook["containers"][0][field] == operator["containers"][0][field]
    assert hook["securityContext"]["runAsNonRoot"]
    assert hook["serviceAccountName"] == "forestall-uninstall"


def test_its_pods_are_not_taken_for_the_operators() -> None:
    selector = of_kind(render(*VALUES), "Deployment")["forestall"]["spec"]["selector"]["matchLabels"]
    pod = of_kind(hooks(*VALUES), "Job")["forestall-uninstall"]["spec"]["template"]
    assert not selector.items() <= pod.get("metadata", {}).get("labels", {}).items()
