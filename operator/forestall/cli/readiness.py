"""`readiness`: what is missing before a policy can observe, propose, and run what is approved, with the remedies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from forestall.adapters.resources import DEPLOYMENTS, PAUSES, POLICIES, RUNBOOKS, TARGETS, TWINS
from forestall.api.inspectionpolicy import InspectionPolicy, Mode
from forestall.api.networktwin import NetworkTwin
from forestall.api.remediationpause import RemediationPause
from forestall.api.runbook import Runbook
from forestall.cli.doctor import OPERATOR
from forestall.cli.failures import Exit, Failure
from forestall.cli.reading import checked_name, parsed, read_all, read_one
from forestall.cli.rights import known_grants
from forestall.cli.screen import Screen
from forestall.cli.session import Session
from forestall.cli.stages import STAGES, Around, Deed, Installation, Line, acts, lines, previews, reached
from forestall.gates.pause import in_force
from forestall.ports import Identity, Json, Kube, KubeError

ACCOUNTS = ("system:serviceaccounts", "system:authenticated")
"""Groups that every service account is in."""


@dataclass(frozen=True)
class Readiness:
    """How far a policy is, by its lines up to the stage that was asked for."""

    policy: InspectionPolicy
    stage: Mode
    lines: Sequence[Line]

    @property
    def missing(self) -> Sequence[Line]:
        """The lines that do not hold."""
        return [line for line in self.lines if not line.holds]

    def to_json(self) -> Json:
        """The same as one JSON object."""
        return {
            "namespace": self.policy.metadata.namespace,
            "policy": self.policy.metadata.name,
            "stage": self.stage,
            "reached": reached(self.lines),
            "ready": not self.missing,
            "lines": [{**line._asdict(), "holds": line.holds} for line in self.lines],
        }


async def gather(session: Session, kube: Kube, name: str, *, stage: Mode, system: str) -> Readiness:
    """Read the policy of that name and all that it depends on, and judge it up to the stage."""
    place = session.namespace
    policy = parsed(InspectionPolicy, await kube.get(POLICIES, place, checked_name(name, "policy's name")))
    around = await _around(session, kube, policy, system)
    wanted = STAGES[: STAGES.index(stage) + 1]
    return Readiness(policy, stage, [line for line in lines(around) if line.stage in wanted])


def render(screen: Screen, found: Readiness) -> None:
    """Write the lines by stage, with the remedy below each one that does not hold."""
    name = f"{found.policy.metadata.namespace}/{found.policy.metadata.name}"
    missing = len(found.missing)
    screen.title(f"{name}: {f'{missing} missing for {found.stage}' if missing else f'ready for {found.stage}'}", "bold")
    for stage in STAGES[: STAGES.index(found.stage) + 1]:
        screen.heading(stage)
        for line in found.lines:
            if line.stage == stage:
                _write(screen, line)


def require_readiness(found: Readiness) -> None:
    """Raise Failure if anything is missing."""
    if found.missing:
        raise Failure(Exit.NOT_NOW, f"{len(found.missing)} missing for {found.stage}", found.missing[0].remedy)


def _write(screen: Screen, line: Line) -> None:
    if line.holds:
        screen.line(f"yes  {line.what}", "green")
        return
    screen.line(f"no   {line.what}: {line.missing}", "yellow")
    screen.line(f"     remedy: {line.remedy}")


async def _around(session: Session, kube: Kube, policy: InspectionPolicy, system: str) -> Around:
    complain = session.screen.warn
    installation = await _installation(kube, system)
    found = await read_all(kube, RUNBOOKS, Runbook, "", complain=complain)
    runbooks = {runbook.metadata.name: runbook for runbook in found}
    named = [runbooks[rung.runbook] for one in policy.spec.responses for rung in one.ladder if rung.runbook in runbooks]
    deeds = [deed for runbook in named for of in (previews, acts) for deed in of(runbook, installation)]
    pauses = [
        pause
        for place in sorted({session.namespace, system})
        for pause in await read_all(kube, PAUSES, RemediationPause, place, complain=complain)
    ]
    grants, unread = await known_grants(kube)
    return Around(
        policy,
        installation,
        await read_one(kube, TWINS, NetworkTwin, "", policy.spec.twin_ref.name),
        runbooks,
        in_force(pauses, session.world.clock.now()),
        grants,
        unread,
        await _allowed(kube, dict.fromkeys(deeds), session.namespace),
    )


async def _installation(kube: Kube, system: str) -> Installation:
    """The operator in namespace `system`, as its Deployment says. What is not said is as the chart has it."""
    try:
        found = await kube.get(DEPLOYMENTS, system, OPERATOR)
    except KubeError as error:
        return Installation(system, "forestall-actions", OPERATOR, f"its Deployment could not be read: {error.message}")
    containers = found["spec"]["template"]["spec"]["containers"]
    env = {one["name"]: one.get("value", "") for container in containers for one in container.get("env") or ()}
    ready = (found.get("status") or {}).get("readyReplicas")
    return Installation(
        system,
        env.get("FORESTALL_ACTION_NAMESPACE") or "forestall-actions",
        env.get("FORESTALL_SERVICE_ACCOUNT") or OPERATOR,
        "" if ready else "no Pod of it is ready",
    )


async def _allowed(kube: Kube, deeds: Iterable[Deed], namespace: str) -> Mapping[Deed, str]:
    """The API server's word on each deed."""
    return {deed: await _refusal(kube, deed, "" if deed.kind == "Node" else namespace) for deed in deeds}


async def _refusal(kube: Kube, deed: Deed, namespace: str) -> str:
    try:
        who = Identity(deed.account, ACCOUNTS)
        allowed = await kube.can(who, "patch", TARGETS[deed.kind], namespace, "")
    except KubeError as error:
        return f"it could not be asked about: {error.message}"
    return "" if allowed else "the API server would refuse it"
