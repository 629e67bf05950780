"""The admission policies as shipped; what they decide is tried on a real API server elsewhere."""

from tests.chart.rendering import of_kind, render

NAMES = {"approval", "status", "findings", "preview-only", "action-jobs", "action-pods"}


def test_every_policy_is_bound_and_denies() -> None:
    manifests = render()
    policies = of_kind(manifests, "ValidatingAdmissionPolicy")
    bound = of_kind(manifests, "ValidatingAdmissionPolicyBinding")
    assert set(policies) == set(bound) == {f"forestall-{name}" for name in NAMES}
    for name, binding in bound.items():
        assert binding["spec"] == {"policyName": name, "validationActions": ["Deny", "Audit"]}


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
