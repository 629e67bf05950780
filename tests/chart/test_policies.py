"""The admission policies as shipped; what they decide is tried on a real API server elsewhere."""

import json

import pytest

from tests.chart.rendering import of_kind, render

NAMES = {
    *("approval", "approval-objects", "pauses", "status", "findings", "retention"),
    *("preview-only", "action-jobs", "action-pods", "scans"),
}


def test_every_policy_is_bound_and_denies() -> None:
    manifests = render()
    policies = of_kind(manifests, "ValidatingAdmissionPolicy")
    bound = of_kind(manifests, "ValidatingAdmissionPolicyBinding")
    assert set(policies) == set(bound) == {f"forestall-{name}" for name in NAMES}
    for name, binding in bound.items():
        assert binding["spec"] == {"policyName": name, "validationActions": ["Deny", "Audit"]}


def test_the_operator_is_told_what_was_shipped() -> None:
    manifests = render()
    kept = json.loads(of_kind(manifests, "ConfigMap")["forestall-policies"]["data"]["policies.json"])
    assert set(kept) == {"ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"}
    for kind, specs in kept.items():
        assert specs == {name: one["spec"] for name, one in of_kind(manifests, kind).items()}


@pytest.mark.parametrize("account", ["", "argocd/application-controller"])
def test_one_named_service_account_may_approve_by_objects_if_any(account: str) -> None:
    policy = of_kind(render(f"approval.gitopsServiceAccount={account}"), "ValidatingAdmissionPolicy")
    expressions = [one["expression"] for one in policy["forestall-approval-objects"]["spec"]["validations"]]
    named = [one for one in expressions if "'system:serviceaccount:argocd:application-controller'" in one]
    assert len(named) == bool(account)


def test_a_policy_that_cannot_be_evaluated_denies() -> None:
    for policy in of_kind(render(), "ValidatingAdmissionPolicy").values():
        assert policy["spec"]["failurePolicy"] == "Fail"


def test_every_refusal_says_that_it_is_ours() -> None:
    for name, policy in of_kind(render(), "ValidatingAdmissionPolicy").items():
        for validation in policy["spec"]["validations"]:
            message = validation.get("message") or validation["messageExpression"].removeprefix("'")
            assert message.startswith("forestall: "), name


def test_no_expression_asks_the_authorizer_more_than_twice() -> None:
    # The API server gives an expression a budget that two of these checks use up.
    for name, policy in of_kind(render(), "ValidatingAdmissionPolicy").items():
        for validation in policy["spec"]["validations"]:
            assert validation["expression"].count(".check(") <= 2, name
