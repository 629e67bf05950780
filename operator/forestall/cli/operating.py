"""The commands of those who are on call: what is open, stop, go on, take over, wait."""

from __future__ import annotations

from typing import Annotated

import typer

from forestall.api.inspectionpolicy import Mode
from forestall.cli import completing, deciding, doctor, explain, findings, pausing, readiness, waiting
from forestall.cli.commands import Everywhere, Format, Kubeconfig, KubeContext, Namespace, PlanName
from forestall.cli.session import Output, Session, command

Reason = Annotated[str, typer.Option("--reason", help="Why: it is kept.")]
System = Annotated[str, typer.Option("--system", help="The operator's namespace.")]
Item = Annotated[
    str,
    typer.Argument(
        metavar="PLAN|FINDING", help="Name of a plan, or else of a finding.", autocompletion=completing.items
    ),
]
PolicyName = Annotated[
    str, typer.Argument(metavar="POLICY", help="Name of the InspectionPolicy.", autocompletion=completing.policies)
]
PauseNames = Annotated[
    list[str] | None,
    typer.Argument(metavar="[PAUSE]...", help="Default: your own pauses.", autocompletion=completing.pauses),
]


def findings_command(
    context: typer.Context,
    *,
    everything: Annotated[bool, typer.Option("--all", help="Also those that are cleared or closed.")] = False,
    everywhere: Everywhere = False,
    kubeconfig: Kubeconfig = None,
    kube_context: KubeContext = None,
    namespace: Namespace = None,
    output: Format = Output.TABLE,
) -> None:
    """List the open findings: what is wrong, or would be, how much it hurts and who has it in hand."""

    def work(session: Session) -> None:
        found = session.run(lambda kube: findings.gather(session, kube, everything=everything))
        if session.screen.as_json:
            session.screen.json(findings.to_json(found))
        else:
            findings.render(session.screen, found, session.world.clock.now())

    command(
        context,
        work,
        kubeconfig=kubeconfig,
        kube_context=kube_context,
        namespace=namespace,
        output=output,
        everywhere=everywhere,
    )


def pause_command(
    context: typer.Context,
    *,
    reason: Reason,
    stop: Annotated[bool, typer.Option("--stop", help="Suspend running Jobs, too.")] = False,
    length: Annotated[str, typer.Option("--for", help="How long, such as 2h. Default: until resumed.")] = "",
    kubeconfig: Kubeconfig = None,
    kube_context: KubeContext = None,
    namespace: Namespace = None,
    output: Format = Output.TABLE,
) -> None:
    """Let no plan of the namespace start a Job. In the operator's own namespace: no plan anywhere."""

    def work(session: Session) -> None:
        until = pausing.end_of(session.world.clock.now(), waiting.duration(length)) if length else None
        made = session.run(lambda kube: pausing.pause(kube, session.namespace, reason=reason, stop=stop, until=until))
        session.screen.title(f"paused: {pausing.told(made)}")
        session.screen.line(f"go on: kubectl forestall resume {made.metadata.name} --namespace {session.namespace}")
        if session.screen.as_json:
            session.screen.json(pausing.to_json(made))

    command(context, work, kubeconfig=kubeconfig, kube_context=kube_context, namespace=namespace, output=output)


def resume_command(
    context: typer.Context,
    names: PauseNames = None,
    *,
    kubeconfig: Kubeconfig = None,
    kube_context: KubeContext = None,
    namespace: Namespace = None,
    output: Format = Output.TABLE,
) -> None:
    """End pauses of the namespace: plans go on, and Jobs that a stop suspended."""

    def work(session: Session) -> None:
        ended = session.run(lambda kube: pausing.resume(session, kube, names or ()))
        for one in ended:
            session.screen.title(f"resumed: {pausing.told(one)}")
        if session.screen.as_json:
            session.screen.json({"resumed": [pausing.to_json(one) for one in ended]})

    command(context, work, kubeconfig=kubeconfig, kube_context=kube_context, namespace=namespace, output=output)


def take_over_command(
    context: typer.Context,
    plan: PlanName,
    *,
    reason: Reason,
    kubeconfig: Kubeconfig = None,
    kube_context: KubeContext = None,
    namespace: Namespace = None,
    output: Format = Output.TABLE,
) -> None:
    """Take a plan and its finding out of forestall's hands, for good. A running Job is suspended first."""

    def work(session: Session) -> None:
        case, me = session.run(lambda kube: deciding.take_over(kube, session.namespace, plan, reason))
        session.screen.title(f"taken over by {me}: the operator suspends what runs and ends the plan as Escalated")
        session.screen.line("its finding is yours; deleting the plan gives it back")
        if session.screen.as_json:
            place = {"namespace": case.plan.metadata.namespace, "name": case.plan.metadata.name}
            session.screen.json({**place, "takenOverBy": me, "reason": reason})

    command(context, work, kubeconfig=kubeconfig, kube_context=kube_context, namespace=namespace, output=output)


def wait_command(
    context: typer.Context,
    name: Item,
    *,
    wanted: Annotated[list[str], typer.Option("--for", help="Phase of the plan, or state of the finding; repeatable.")],
    timeout: Annotated[str, typer.Option("--timeout", help="Longest wait, such as 5m. Default: no limit.")] = "",
    kubeconfig: Kubeconfig = None,
    kube_context: KubeContext = None,
    namespace: Namespace = None,
    output: Format = Output.TABLE,
) -> None:
    """Wait until a plan is in a phase, or a finding in a state. Exit code 5 if it does not get there."""

    def work(session: Session) -> None:
        found = session.run(lambda kube: waiting.wait(session, kube, name, wanted, timeout))
        if session.screen.as_json:
            session.screen.json(waiting.to_json(found))

    command(context, work, kubeconfig=kubeconfig, kube_context=kube_context, namespace=namespace, output=output)


def doctor_command(
    context: typer.Context,
    *,
    system: System = "forestall-system",
    kubeconfig: Kubeconfig = None,
    kube_context: KubeContext = None,
    output: Format = Output.TABLE,
) -> None:
    """Check that approvals are enforced, and list who can approve or act as another. Exit code 1 on a danger."""

    def work(session: Session) -> None:
        found = session.run(lambda kube: doctor.examine(kube, session.screen, system))
        if session.screen.as_json:
            session.screen.json(found.to_json())
        else:
            doctor.render(session.screen, found)
        doctor.require_health(found)

    command(
        context, work, kubeconfig=kubeconfig, kube_context=kube_context, namespace=None, output=output, everywhere=True
    )


def readiness_command(
    context: typer.Context,
    policy: PolicyName,
    *,
    stage: Annotated[Mode, typer.Option("--for", help="The last stage that is looked at.")] = "Open",
    system: System = "forestall-system",
    kubeconfig: Kubeconfig = None,
    kube_context: KubeContext = None,
    namespace: Namespace = None,
    output: Format = Output.TABLE,
) -> None:
    """Say what a policy lacks to observe, to propose, and to run what is approved. Exit code 3 if it lacks anything."""

    def work(session: Session) -> None:
        found = session.run(lambda kube: readiness.gather(session, kube, policy, stage=stage, system=system))
        if session.screen.as_json:
            session.screen.json(found.to_json())
        else:
            readiness.render(session.screen, found)
        readiness.require_readiness(found)

    command(context, work, kubeconfig=kubeconfig, kube_context=kube_context, namespace=namespace, output=output)


def explain_command(
    context: typer.Context,
    name: Item,
    *,
    kubeconfig: Kubeconfig = None,
    kube_context: KubeContext = None,
    namespace: Namespace = None,
    output: Format = Output.TABLE,
) -> None:
    """Say in words why a finding has no plan, or what a plan waits for, and why its alternatives were rejected."""

    def work(session: Session) -> None:
        found = session.run(lambda kube: explain.gather(session, kube, name))
        if session.screen.as_json:
            session.screen.json(found.to_json())
        else:
            explain.render(session.screen, found)

    command(context, work, kubeconfig=kubeconfig, kube_context=kube_context, namespace=namespace, output=output)
