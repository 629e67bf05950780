"""Specification of a finding's name: one and the same for one identity, and a name that Kubernetes takes."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forestall.api.finding import FindingSpec

LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
WEB = {"kind": "Deployment", "namespace": "shop", "name": "web"}
IDENTITY = {
    "policyRef": {"name": "shop"},
    "type": "ImagePull",
    "resource": WEB,
    "qualifier": "image-pull",
}


def name(**changes: Any) -> str:
    return FindingSpec.model_validate(IDENTITY | changes).object_name


def test_one_identity_has_one_name_for_ever() -> None:
    assert name() == name() == "imagepull-web-9475a71729"


@pytest.mark.parametrize(
    "change",
    [
        {"policyRef": {"name": "other"}},
        {"type": "MetricThreshold"},
        {"resource": WEB | {"kind": "Service"}},
        {"resource": WEB | {"namespace": "other"}},
        {"resource": WEB | {"name": "web-2"}},
        {"qualifier": "node-loss"},
    ],
)
def test_each_part_of_the_identity_makes_another_name(change: dict[str, Any]) -> None:
    assert name(**change) != name()


def test_parts_do_not_run_into_each_other() -> None:
    resource = {"kind": "Deployment", "namespace": "a", "name": "b"}
    assert name(resource=resource, qualifier="c") != name(resource=resource | {"name": "bc"}, qualifier="")


@given(
    st.from_regex(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?", fullmatch=True),
    st.sampled_from(("ImagePull", "MetricThreshold", "SinglePointOfFailure")),
)
def test_every_name_is_a_dns_label_of_at_most_63_characters(resource: str, kind: str) -> None:
    assert LABEL.fullmatch(name(type=kind, resource={"kind": "Node", "name": resource}))
