"""One identity has so many proposals open at a time, counted over all namespaces; the oldest come first."""

from __future__ import annotations

from typing import Any

import pytest

from forestall.api.remediationplan import TERMINAL, RemediationPlan
from forestall.gates.proposals import too_many
from tests.unit.gates.scene import chosen, plan


def proposal(
    name: str, *, by: str = "agent", minute: int = 0, namespace: str = "shop", **status: Any
) -> RemediationPlan:
    body = plan({"phase": "Proposed", **status}).to_json()
    body["metadata"] |= {"name": name, "namespace": namespace, "creationTimestamp": f"2030-01-01T12:{minute:02d}:00Z"}
    body["spec"]["proposer"] = by
    return RemediationPlan.model_validate(body)


def refused(limit: int, *plans: RemediationPlan) -> list[str]:
    """Names of those of the plans that are not rendered and too many."""
    return [one.metadata.name for one in plans if not one.status.candidates and too_many(one, plans, limit)]


@pytest.mark.parametrize(("limit", "names"), [(3, []), (2, ["c"]), (1, ["b", "c"]), (0, ["a", "b", "c"])])
def test_beyond_the_limit_the_youngest_are_too_many(limit: int, names: list[str]) -> None:
    plans = [proposal("c", minute=3), proposal("a", minute=1), proposal("b", minute=2)]
    assert sorted(refused(limit, *plans)) == names


def test_of_one_second_the_first_by_name_stays() -> None:
    assert refused(1, proposal("b"), proposal("a")) == ["b"]


def test_what_is_rendered_already_counts_before_what_is_not() -> None:
    assert refused(1, proposal("old", minute=1), proposal("rendered", minute=2, candidates=[chosen()])) == ["old"]


def test_namespaces_count_together_and_identities_do_not() -> None:
    assert refused(1, proposal("a"), proposal("b", namespace="bank"), proposal("c", by="another")) == ["a"]


@pytest.mark.parametrize("phase", sorted(TERMINAL))
def test_what_has_ended_makes_room(phase: str) -> None:
    assert refused(1, proposal("a", phase=phase), proposal("b", minute=1)) == []


def test_the_proposer_is_told_who_has_how_many_and_the_remedy() -> None:
    told = too_many(proposal("b", minute=1), [proposal("a")], 1)
    assert told.startswith("agent has 1 proposals that have not ended, and may have 1")
    assert "proposals.limit" in told
