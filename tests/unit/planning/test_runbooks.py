"""Arguments are what the runbook declares, of its types and within its bounds; all else is refused by name."""

from __future__ import annotations

from typing import Any, get_args

import pytest
from pydantic import ValidationError

from forestall.api.base import Parameter
from forestall.api.inspectionpolicy import Rung
from forestall.api.runbook import Effect
from forestall.planning.runbooks import InvalidParameterError, arguments, bind, digest, problem
from forestall.ports import Json
from tests.unit.planning.objects import CUSTOM, runbook
from tests.unit.planning.world import CART, heavy_load, snapshot, world

CLUSTER = snapshot(world("worker-1", "worker-2", "worker-3"))
HOSTILE = ["1e1000", "-1", "٣", "3\n", "$(x)", "9" * 10_000, "", " 3", "+3", "03", "3.0", "0x3", "1_0", "NaN", "--help"]


def given(**values: str) -> list[Parameter]:
    """Arguments as they might stand in a stored object, past any check of their model."""
    return [Parameter.model_construct(name=name.replace("_", "-"), value=value) for name, value in values.items()]


def declared(**fields: Any) -> Json:
    return {"name": "zone", "description": "A zone.", "type": "String", **fields}


@pytest.mark.parametrize("value", HOSTILE)
def test_a_hostile_integer_is_refused_and_the_field_named(value: str) -> None:
    with pytest.raises(InvalidParameterError) as caught:
        arguments(runbook("SetReplicas").spec, given(replicas=value))
    assert caught.value.field == "parameters[replicas]"
    assert str(caught.value).startswith("parameters[replicas]: ")
    assert len(str(caught.value)) < 300
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("value", ["a\nb", "a\0", "$(HOME)", "x" * 254, "a\u202eb", "\x1b[31m"])
def test_a_hostile_string_is_refused_even_where_any_string_is_taken(value: str) -> None:
    spec = runbook("RestorePreviousTemplate", parameters=[declared()]).spec
    with pytest.raises(InvalidParameterError, match=r"parameters\[zone\]") as caught:
        arguments(spec, given(zone=value))
    assert str(caught.value).isascii()
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    ("fields", "value", "message"),
    [
        ({"pattern": "[a-z]+"}, "a1", "does not match"),
        ({"pattern": "[a-z]+"}, "a\n", "control"),
        ({"pattern": "["}, "a", "pattern is no regular expression"),
        ({"enum": ["a", "b"]}, "c", "none of a, b"),
        ({"type": "Integer", "maximum": 5}, "6", "5 or less"),
        ({"type": "Integer", "minimum": 5}, "4", "5 or more"),
        ({"default": "B", "pattern": "[a-z]"}, None, "does not match"),
        ({}, None, "missing"),
    ],
)
def test_what_is_out_of_bounds_is_refused_with_the_bound(fields: Json, value: str | None, message: str) -> None:
    spec = runbook("RestorePreviousTemplate", parameters=[declared(**fields)]).spec
    with pytest.raises(InvalidParameterError, match=message):
        arguments(spec, [] if value is None else given(zone=value))


def test_what_the_runbook_does_not_declare_is_refused() -> None:
    with pytest.raises(InvalidParameterError, match=r"parameters\[image\]: unknown; this runbook takes: replicas"):
        arguments(runbook("SetReplicas").spec, given(replicas="3", image="evil"))


def test_a_parameter_given_twice_is_refused() -> None:
    with pytest.raises(InvalidParameterError, match="given twice"):
        arguments(runbook("SetReplicas").spec, [*given(replicas="3"), *given(replicas="4")])


@pytest.mark.parametrize("value", ["1", "3", "100"])
def test_an_integer_within_its_bounds_is_taken(value: str) -> None:
    assert arguments(runbook("SetReplicas").spec, given(replicas=value)) == {"replicas": value}


def test_a_default_stands_in_for_what_is_not_given() -> None:
    assert arguments(runbook("SpreadOverNodes").spec, []) == {"max-skew": "1"}


@pytest.mark.parametrize(
    ("effect", "parameters", "values"),
    [
        ("SetReplicas", [], {}),
        ("SetReplicas", [declared(name="replicas")], {"replicas": "many"}),
        ("SetReplicas", [declared(name="replicas", type="Integer")], {"replicas": "1000000000"}),
        ("SpreadOverNodes", [declared(name="max-skew", type="Integer")], {"max_skew": "0"}),
    ],
)
def test_an_effect_gets_the_integer_that_it_needs_whatever_the_runbook_says(
    effect: str, parameters: list[Json], values: dict[str, str]
) -> None:
    with pytest.raises(InvalidParameterError):
        arguments(runbook(effect, parameters=parameters).spec, given(**values))


def test_a_rung_may_ask_for_one_replica_more() -> None:
    rung = Rung.model_validate(
        {"runbook": "scale", "parameters": [{"name": "replicas", "from": "CurrentReplicasPlusOne"}]}
    )
    assert bind(rung, runbook("SetReplicas"), CART, heavy_load(), CLUSTER) == (Parameter(name="replicas", value="4"),)


def test_what_a_rung_leaves_out_takes_its_default() -> None:
    rung = Rung.model_validate({"runbook": "spread-replicas"})
    assert bind(rung, runbook("SpreadOverNodes"), CART, heavy_load(), CLUSTER) == (
        Parameter(name="max-skew", value="1"),
    )


def test_a_runbook_has_one_digest_for_one_content() -> None:
    one = runbook("SetReplicas")
    assert digest(one.model_copy(update={"metadata": one.metadata.model_copy(update={"uid": "x"})})) == digest(one)
    assert digest(runbook("SetReplicas", version="1.0.1")) != digest(one)


@pytest.mark.parametrize(
    ("effect", "values"),
    [
        ("SetResources", {"container": "a b", "resource": "limits.memory", "amount": "1"}),
        ("SetResources", {"container": "a", "resource": "limits.storage", "amount": "1"}),
        ("SetResources", {"container": "a", "resource": "limits.memory", "amount": "0"}),
        ("SetProbePort", {"container": "a", "port": "0"}),
        ("SetTargetPort", {"port": "65536", "target_port": "http"}),
        ("SetTargetPort", {"port": "80", "target_port": "HTTP"}),
        ("SetTargetPort", {"port": "80", "target_port": "-1"}),
        ("SetSelectorLabel", {"label": "a/b/c", "value": "x"}),
        ("SetSelectorLabel", {"label": "app", "value": "a b"}),
        ("Uncordon", {"node": "../secrets"}),
        ("RemoveTaint", {"node": "n", "key": "k", "effect": "Never"}),
        ("Drain", {"node": "n", "local_data": "Maybe"}),
    ],
)
def test_an_effect_gets_text_of_the_shape_that_it_needs_whatever_the_runbook_says(
    effect: str, values: dict[str, str]
) -> None:
    with pytest.raises(InvalidParameterError):
        arguments(runbook(effect).spec, given(**values))


def test_a_text_that_an_effect_needs_must_be_declared() -> None:
    with pytest.raises(InvalidParameterError, match=r"parameters\[node\].*declare it"):
        arguments(runbook("Cordon", parameters=[]).spec, [])


@pytest.mark.parametrize("effect", get_args(Effect))
def test_a_runbook_that_is_as_it_should_be_has_no_problem(effect: str) -> None:
    assert problem(runbook(effect)) == ""


def own(**fields: Any) -> list[Json]:
    action = {"name": "mend", "argv": ["/bin/mend"], "serviceAccountName": "forestall-action-mend", "image": CUSTOM}
    return [{name: value for name, value in {**action, **fields}.items() if value is not None}]


@pytest.mark.parametrize(
    ("effect", "fields", "message"),
    [
        ("Vouched", {"irreversible": False}, "spec.irreversible: "),
        ("Vouched", {"actions": own(image=None)}, "spec.actions[0].image: the effect Vouched needs an image"),
        ("Vouched", {"actions": own(env=[{"name": "FORESTALL_TARGET"}])}, "spec.actions[0].env: FORESTALL_TARGET"),
        ("SetReplicas", {"actions": own()}, "spec.actions[0].image: "),
        ("SetReplicas", {"actions": own(image=None, argv=["reboot"])}, "spec.actions[0].argv: no action reboot"),
        ("SetReplicas", {"actions": own(image=None, argv=["cordon"])}, "spec.actions[0].argv: the effect of action"),
        ("SetReplicas", {"targetKinds": ["Service"]}, "spec.targetKinds: effect SetReplicas acts on a Deployment"),
        ("Cordon", {"targetKinds": ["Node", "Deployment"]}, "spec.targetKinds: effect Cordon acts on a Node"),
    ],
)
def test_a_runbook_that_cannot_be_used_says_which_field_is_wrong(effect: str, fields: Json, message: str) -> None:
    assert problem(runbook(effect, **fields)).startswith(message)


@pytest.mark.parametrize("image", ["mend:latest", "mend", "mend@sha256:1", f"a b@sha256:{'a' * 64}"])
def test_an_image_of_its_own_is_named_by_digest(image: str) -> None:
    with pytest.raises(ValidationError, match="image"):
        runbook("Vouched", actions=own(image=image))
