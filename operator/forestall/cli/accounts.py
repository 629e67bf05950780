"""The commands about accounts: the figures of closure, and the ledger that they are counted from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from forestall.cli import ledger, report
from forestall.cli.commands import Everywhere, Format, Kubeconfig, KubeContext, Namespace
from forestall.cli.session import Output, Session, command

ledger_app = typer.Typer(no_args_is_help=True, help="Verify, export, back up and restore the ledger.")

Address = Annotated[
    str, typer.Option("--ledger", envvar="FORESTALL_LEDGER", help="The ledger. In the operator's pod: its own.")
]
Exported = Annotated[
    Path | None, typer.Option("--from", help="An exported ledger, - for the standard input, in place of the objects.")
]


def report_command(
    context: typer.Context,
    *,
    exported: Exported = None,
    hold_off: Annotated[str, typer.Option("--hold-off", help="How long a closure is provisional.")] = "24h",
    everywhere: Everywhere = False,
    kubeconfig: Kubeconfig = None,
    kube_context: KubeContext = None,
    namespace: Namespace = None,
    output: Format = Output.TABLE,
) -> None:
    """Show how much was closed in one hop, how fast, and what went wrong, by type of finding and horizon."""

    def work(session: Session) -> None:
        found = report.gather(session, exported, hold_off)
        if session.screen.as_json:
            session.screen.json(found.to_json())
        else:
            report.render(session.screen, found)

    command(
        context,
        work,
        kubeconfig=kubeconfig,
        kube_context=kube_context,
        namespace=namespace,
        output=output,
        everywhere=everywhere,
    )


@ledger_app.command("verify")
def verify_command(address: Address = "", *, exported: Exported = None, output: Format = Output.TABLE) -> None:
    """Check the chain from the first row to the last, and name the first row that does not hold."""
    ledger.run(lambda screen: ledger.verify(screen, address, exported), output)


@ledger_app.command("export")
def export_command(address: Address = "") -> None:
    """Write all rows to the standard output, one JSON object in each line."""
    ledger.run(lambda _: ledger.export(address), Output.JSON)


@ledger_app.command("backup")
def backup_command(file: Path, address: Address = "", *, output: Format = Output.TABLE) -> None:
    """Copy a ledger that is a file, while it is being written to, into a new file."""
    ledger.run(lambda screen: ledger.back_up(screen, address, file), output)


@ledger_app.command("restore")
def restore_command(file: Path, address: Address = "", *, output: Format = Output.TABLE) -> None:
    """Verify a backup and put it where there is no ledger."""
    ledger.run(lambda screen: ledger.restore(screen, file, address), output)
