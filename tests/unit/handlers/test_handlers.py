"""Each kind has one module that reports every event of it, with nothing left out and nothing added."""

from __future__ import annotations

import asyncio
from types import ModuleType
from typing import Any

import kopf
import pytest

from forestall.api.base import GROUP, VERSION, Resource
from forestall.api.finding import Finding
from forestall.api.inspectionpolicy import InspectionPolicy
from forestall.api.networktwin import NetworkTwin
from forestall.api.remediationplan import RemediationPlan
from forestall.api.runbook import Runbook
from forestall.handlers import findings, plans, policies, runbooks, twins

KINDS: dict[ModuleType, type[Resource]] = {
    policies: InspectionPolicy,
    plans: RemediationPlan,
    findings: Finding,
    twins: NetworkTwin,
    runbooks: Runbook,
}
BODY: Any = {"metadata": {"name": "a"}, "spec": {"x": 1}, "status": {"y": 2}}


def registered(module: ModuleType) -> tuple[Any, list[tuple[str, str | None, dict[str, Any]]]]:
    """The one handler of a kind's module, and what it reports."""
    registry, told = kopf.OperatorRegistry(), []
    module.register(registry, lambda *seen: told.append(seen))
    [handler] = registry._watching.get_all_handlers()
    return handler, told


@pytest.mark.parametrize(("module", "model"), KINDS.items(), ids=lambda one: getattr(one, "__name__", ""))
def test_it_watches_its_own_kind(module: ModuleType, model: type[Resource]) -> None:
    handler, _ = registered(module)
    assert (handler.selector.group, handler.selector.version) == (GROUP, VERSION)
    assert (handler.selector.any_name, handler.id) == (model.crd.plural, model.crd.plural)


@pytest.mark.parametrize("event", ["ADDED", "MODIFIED", "DELETED", None])
@pytest.mark.parametrize(("module", "model"), KINDS.items(), ids=lambda one: getattr(one, "__name__", ""))
def test_it_reports_every_event_whole(module: ModuleType, model: type[Resource], event: str | None) -> None:
    handler, told = registered(module)
    asyncio.run(handler.fn(type=event, body=kopf.Body(BODY), logger=None, memo=None))
    assert told == [(model.crd.kind, event, BODY)]


@pytest.mark.parametrize("module", KINDS, ids=lambda one: one.__name__)
def test_it_leaves_no_event_out(module: ModuleType) -> None:
    handler, _ = registered(module)
    assert (handler.labels, handler.annotations, handler.when) == (None, None, None)
