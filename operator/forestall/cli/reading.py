"""Objects as the commands read them: uncached, parsed, with the raw form kept for JSON."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from forestall.adapters.resources import FINDINGS, PLANS
from forestall.api.base import Name, Resource
from forestall.api.finding import Finding
from forestall.api.remediationplan import RemediationPlan
from forestall.cli.failures import Exit, Failure
from forestall.ports import Json, Kube, KubeError
from forestall.ports import Resource as Served

R = TypeVar("R", bound=Resource)
Item = RemediationPlan | Finding
"""What people follow."""
_NAME: TypeAdapter[str] = TypeAdapter(Name)
_OTHER_VERSION = "use the kubectl-forestall of the version that the cluster runs"


@dataclass(frozen=True)
class Case:
    """A plan with the finding that it answers, each parsed and raw. A finding that is gone is None."""

    plan: RemediationPlan
    raw: Json
    finding: Finding | None
    raw_finding: Json | None

    @property
    def resource_version(self) -> str:
        """The version of the plan that was read."""
        return self.plan.metadata.resource_version


def checked_name(text: str, what: str) -> str:
    """`text`, if it can be the name of an object; else Failure naming `what` it should have named."""
    try:
        return _NAME.validate_python(text)
    except ValidationError as error:
        raise Failure(Exit.USAGE, f"{text!r} is no {what}: names are lower-case letters, digits, - and .") from error


async def read_case(kube: Kube, namespace: str, name: str) -> Case:
    """The plan of that name and its finding. Raises KubeError, or Failure for what cannot be understood."""
    raw = await kube.get(PLANS, namespace, checked_name(name, "plan's name"))
    plan = parsed(RemediationPlan, raw)
    raw_finding = await _optional(kube, FINDINGS, namespace, plan.spec.finding_ref.name)
    finding = parsed(Finding, raw_finding) if raw_finding is not None else None
    return Case(plan, raw, finding, raw_finding)


async def read_item(kube: Kube, namespace: str, name: str) -> Item:
    """The plan, or else the finding, of that name. Raises as `read_case` does."""
    checked = checked_name(name, "name of a plan or a finding")
    raw = await _optional(kube, PLANS, namespace, checked)
    if raw is not None:
        return parsed(RemediationPlan, raw)
    return parsed(Finding, await kube.get(FINDINGS, namespace, checked))


async def read_all(
    kube: Kube, resource: Served, model: type[R], namespace: str, *, complain: Callable[[str], None]
) -> list[R]:
    """All objects of a kind, by namespace, age and name. One that cannot be understood is complained of, not shown."""
    found: list[R] = []
    for raw in await kube.list(resource, namespace):
        try:
            found.append(parsed(model, raw))
        except Failure as failure:
            complain(f"left out: {failure.message}: {failure.remedy}")
    return sorted(found, key=_order)


def _order(item: Resource) -> tuple[str, str, str]:
    created = item.metadata.creation_timestamp
    return item.metadata.namespace or "", created.isoformat() if created else "", item.metadata.name


async def read_one(kube: Kube, resource: Served, model: type[R], namespace: str, name: str) -> R | None:
    """One object; None where there is none of that name. Raises as `read_case` does."""
    raw = await _optional(kube, resource, namespace, name)
    return None if raw is None else parsed(model, raw)


async def _optional(kube: Kube, resource: Served, namespace: str, name: str) -> Json | None:
    try:
        return await kube.get(resource, namespace, name)
    except KubeError as error:
        if error.reason != "NotFound":
            raise
        return None


def parsed(model: type[R], raw: Json) -> R:
    """The object that `raw` is. Raises Failure naming the field that cannot be understood."""
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        name = raw.get("metadata", {}).get("name", "")
        message = f"{model.crd.kind} {name} cannot be understood: {where}: {first['msg']}"
        raise Failure(Exit.ERROR, message, _OTHER_VERSION) from error
