"""The commands of `kubectl forestall`."""

from __future__ import annotations

from typing import Annotated

import typer
from typer.core import TyperGroup

from forestall.api.remediationplan import TERMINAL, RemediationPlan
from forestall.cli import completing, deciding, plans, show, status
from forestall.cli.failures import Exit, Failure
from forestall.cli.following import follow, require_success
from forestall.cli.reading import Case, read_case
from forestall.cli.session import Output, Session, command
from forestall.ports import Json, Kube

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False)

PlanName = Annotated[
    str, typer.Argument(metavar="PLAN", help="Name of the RemediationPlan.", autocompletion=completing.plans)
]
PendingName = Annotated[
    str, typer.Argument(metavar="PLAN", help="Name of a plan that waits.", autocompletion=completing.pending)
]
Kubeconfig = Annotated[
    str | None, typer.Option("--kubeconfig", help="Path of the kubeconfig. Default: KUBECONFIG, then ~/.kube/config.")
]
KubeContext = Annotated[
    str | None,
    typer.Option(
        "--context",
        help="Context of the kubeconfig. Default: the current one.",
        autocompletion=completing.kube_contexts,
    ),
]
Namespace = Annotated[str | None, typer.Option("--namespace", "-n", help="Namespace. Default: the context's own.")]
Everywhere = Annotated[bool, typer.Option("--all-namespaces", "-A", help="Look in all namespaces.")]
Format = Annotated[Output, typer.Option("--output", "-o", help="How results are written.")]


@app.callback()
def main(
    context: typer.Context,
    *,
    kubeconfig: Kubeconfig = None,
    kube_context: KubeContext = None,
    namespace: Namespace = None,
    output: Format = Output.TABLE,
) -> None:
    """See what forestall found and proposes, and approve or reject its plans.

    Exit codes: 0 done; 1 error; 2 wrong usage; 3 not possible as things stand; 4 refused by the API server;
    5 what was waited for did not come.
    """
    # What stands before a command's name is the default of what may stand behind it.
    given = {
        "kubeconfig": kubeconfig,
        "kube_context": kube_context,
        "namespace": namespace,
        "output": output.value,
    }
    defaults = {name: value for name, value in given.items() if value is not None}
    context.default_map = _of_each_command(context.command, defaults)


@app.command("status")
def status_command(
    context: typer.Context,
    *,
    everywhere: Everywhere = False,
    kubeconfig: Kubeconfig = None,
    kube_context: KubeContext = None,
    namespace: Namespace = None,
    output: Format = Output.TABLE,
) -> None:
    """Show policies and goals, open findings, plans by phase, and the one-hop closure."""

    def work(session: Session) -> None:
        overview = session.run(lambda kube: status.gather(session, kube))
        if session.screen.as_json:
            session.screen.json(overview.to_json())
        else:
            status.render(session.screen, overview)

    command(
        context,
        work,
        kubeconfig=kubeconfig,
        kube_context=kube_context,
        namespace=namespace,
        output=output,
        everywhere=everywhere,
    )


@app.command("plans")
def plans_command(
    context: typer.Context,
    *,
    pending: Annotated[bool, typer.Option("--pending", help="Only plans that await approval.")] = False,
    everywhere: Everywhere = False,
    kubeconfig: Kubeconfig = None,
    kube_context: KubeContext = None,
    namespace: Namespace = None,
    output: Format = Output.TABLE,
) -> None:
    """List plans with what they act on, their risk, their phase and their prediction."""

    def work(session: Session) -> None:
        found = session.run(lambda kube: plans.gather(session, kube, pending=pending))
        if session.screen.as_json:
            session.screen.json(plans.to_json(found))
        else:
            plans.render(session.screen, found, session.world.clock.now())

    command(
        context,
        work,
        kubeconfig=kubeconfig,
        kube_context=kube_context,
        namespace=namespace,
        output=output,
        everywhere=everywhere,
    )


@app.command("show")
def show_command(
    context: typer.Context,
    plan: PlanName,
    *,
    kubeconfig: Kubeconfig = None,
    kube_context: KubeContext = None,
    namespace: Namespace = None,
    output: Format = Output.TABLE,
) -> None:
    """Show a plan: what is wrong, what was tried, what would change, and what became of it."""

    def work(session: Session) -> None:
        case = session.run(lambda kube: read_case(kube, session.namespace, plan))
        if session.screen.as_json:
            session.screen.json(show.to_json(case))
        else:
            show.render(session.screen, case)

    command(context, work, kubeconfig=kubeconfig, kube_context=kube_context, namespace=namespace, output=output)


@app.command("approve")
def approve_command(
    context: typer.Context,
    plan: PendingName,
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Approve without being asked.")] = False,
    digest: Annotated[
        str | None, typer.Option("--digest", help="The status.planDigest that was reviewed; any other is refused.")
    ] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Follow the plan until it has ended.")] = False,
    kubeconfig: Kubeconfig = None,
    kube_context: KubeContext = None,
    namespace: Namespace = None,
    output: Format = Output.TABLE,
) -> None:
    """Approve a plan as yourself: its content as it stands, and nothing else."""

    def work(session: Session) -> None:
        session.run(lambda kube: _approve(session, kube, plan, yes=yes, digest=digest, wait=wait))

    command(context, work, kubeconfig=kubeconfig, kube_context=kube_context, namespace=namespace, output=output)


@app.command("reject")
def reject_command(
    context: typer.Context,
    plan: PlanName,
    *,
    reason: Annotated[str, typer.Option("--reason", help="Why: it is kept on the plan.")],
    kubeconfig: Kubeconfig = None,
    kube_context: KubeContext = None,
    namespace: Namespace = None,
    output: Format = Output.TABLE,
) -> None:
    """Reject a plan as yourself. A rejection stands: what comes next is a new plan."""

    def work(session: Session) -> None:
        case, me = session.run(lambda kube: deciding.reject(kube, session.namespace, plan, reason))
        session.screen.title(f"rejected by {me}: the operator ends the plan, and nothing of it runs any more")
        if session.screen.as_json:
            session.screen.json({**_identity(case), "rejectedBy": me, "reason": reason})

    command(context, work, kubeconfig=kubeconfig, kube_context=kube_context, namespace=namespace, output=output)


async def _approve(session: Session, kube: Kube, name: str, *, yes: bool, digest: str | None, wait: bool) -> None:
    """Approve, say what follows, and follow it where that was asked for."""
    screen = session.screen
    case, me = await deciding.approve(
        kube, session.namespace, name, digest=digest, consent=lambda read: _consent(session, read, yes=yes)
    )
    screen.heading(f"Approved by {me}")
    for text in _what_follows(case):
        screen.line(text)
    ended = await follow(kube, screen, case.plan, session.world.pause, _ended) if wait else None
    if screen.as_json:
        phase = {"phase": ended.status.phase} if ended else {}
        screen.json({**_identity(case), "approvedBy": me, "planDigest": case.plan.status.plan_digest, **phase})
    if ended is not None:
        require_success(ended)


def _of_each_command(group: object, defaults: Json) -> Json:
    """The defaults for every command of a group, and of the groups in it."""
    if not isinstance(group, TyperGroup):
        return defaults
    return {name: _of_each_command(command, defaults) for name, command in group.commands.items()}


def _ended(plan: RemediationPlan) -> bool:
    return plan.status.phase in TERMINAL


def _consent(session: Session, case: Case, *, yes: bool) -> None:
    """Show what is to be approved; ask, unless `yes`. Raises Failure where consent is withheld."""
    show.summary(session.screen, case)
    if yes:
        return
    if not session.world.attended():
        raise Failure(Exit.USAGE, "nobody is there to confirm: the input is no terminal", "add --yes to approve")
    if not typer.confirm("\nApprove this plan?", err=True):
        raise Failure(Exit.ERROR, "not approved: nothing was changed")


def _what_follows(case: Case) -> list[str]:
    names = ", ".join(step.name for step in case.plan.status.steps)
    place = f"{case.plan.metadata.name} --namespace {case.plan.metadata.namespace}"
    return [
        f"next, the operator asks every gate again, runs {names or 'its steps'} as a Job and verifies the goals",
        "the approval lapses if the target or the plan's ground changes first, or if it waits too long",
        f"follow it: kubectl forestall show {place}",
    ]


def _identity(case: Case) -> Json:
    return {"namespace": case.plan.metadata.namespace, "name": case.plan.metadata.name}
