"""The commands about networks and objects: `kubectl forestall twin …`, on a file or on a twin in the cluster."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer

from forestall.cli import completing
from forestall.cli.commands import Format, Kubeconfig, KubeContext
from forestall.cli.failures import Exit, Failure
from forestall.cli.screen import Screen
from forestall.cli.session import Output, Session, command, offline
from forestall.cli.twins import (
    comparing,
    contingencies,
    pictures,
    prompting,
    showing,
    single_losses,
    supposing,
    what_if,
)
from forestall.cli.twins.contingencies import SINGLE, Scope
from forestall.cli.twins.figures import parsed_share, rate
from forestall.cli.twins.live import from_twin
from forestall.cli.twins.reading import Read, chosen, from_file, require_networks
from forestall.cli.twins.states import state
from forestall.twin.formats import Written, export
from forestall.twin.picture import picture

twin_app = typer.Typer(
    no_args_is_help=True, help="Look at networks and objects, and at what would be if something failed."
)

File = Annotated[
    str,
    typer.Argument(
        metavar="[FILE]",
        help="RFC 8345, NetJSON, topohub or GraphML; - for the standard input.",
        autocompletion=prompting.files,
    ),
]
Named = Annotated[
    str, typer.Option("--twin", help="A NetworkTwin, in place of a file.", autocompletion=completing.twins)
]
Network = Annotated[
    str,
    typer.Option(
        "--network",
        help="Id of the network. Default: the one that has demands.",
        autocompletion=prompting.networks,
    ),
]
Picture = Annotated[Path | None, typer.Option("--picture", help="Write the network as SVG to this file, too.")]
Top = Annotated[int, typer.Option("--top", min=1, help="Longest table.")]
Limit = Annotated[
    str, typer.Option("--max-utilisation", help="Utilisation above which a link is too full: 0.8 or 80%.")
]


class Target(StrEnum):
    """What a topology is written as."""

    RFC8345 = "rfc8345"
    GRAPHML = "graphml"
    NETJSON = "netjson"
    SVG = "svg"


DOCUMENTS: Final[dict[Target, Written]] = {
    Target.RFC8345: "rfc8345",
    Target.GRAPHML: "graphml",
    Target.NETJSON: "netjson",
}


@twin_app.command("show")
def show_command(
    context: typer.Context,
    file: File = "",
    *,
    twin: Named = "",
    network: Network = "",
    top: Top = 10,
    file_of_picture: Picture = None,
    kubeconfig: Kubeconfig = None,
    kube_context: KubeContext = None,
    output: Format = Output.TABLE,
) -> None:
    """Show objects by kind and networks by layer, what is wrong with the data, and the fullest links."""

    def work(screen: Screen, read: Read) -> None:
        found = showing.gather(read, network)
        if screen.as_json:
            screen.json(showing.to_json(found))
        else:
            showing.render(screen, found, top)
        if file_of_picture is not None:
            now = found.state or state(read.topology, chosen(read.topology, network))
            marks = now.marks(f"{now.network} as it is", f"{rate(now.offered)} of demand")
            pictures.write(screen, file_of_picture, now.topology, now.network, marks)

    _on(context, file, twin, work, kubeconfig=kubeconfig, kube_context=kube_context, output=output)


@twin_app.command("what-if")
def what_if_command(
    context: typer.Context,
    file: File = "",
    *,
    twin: Named = "",
    network: Network = "",
    fail: Annotated[
        list[str] | None,
        typer.Option(
            "--fail",
            help="A node, link or risk group that fails; several fail at once. A Kubernetes node: node/NAME.",
            autocompletion=prompting.elements,
        ),
    ] = None,
    change: Annotated[
        list[str] | None,
        typer.Option(
            "--change",
            help="What changes: link:metric=20, link:capacity=10G, link:down, demands*1.3, node/a:drain, node/a:cordon,"
            " Deployment/shop/web:replicas=3 …",
        ),
    ] = None,
    then: Annotated[
        list[str] | None,
        typer.Option(
            "--then", help="What changes after that, each as a step of its own; several at once divided by ;."
        ),
    ] = None,
    within_n1: Annotated[
        bool, typer.Option("--within-n1", help="In each step, let any one more node or link fail, too.")
    ] = False,
    max_utilisation: Limit = "",
    lost: Annotated[str, typer.Option("--lost", help="Demand that may be lost at most: 0, 5G or 1%.")] = "",
    file_of_picture: Picture = None,
    kubeconfig: Kubeconfig = None,
    kube_context: KubeContext = None,
    output: Format = Output.TABLE,
) -> None:
    """Compare what is with what would be. Exit code 1 if a limit is broken or a Service lost, 3 if not known."""

    def work(screen: Screen, read: Read) -> None:
        question = supposing.Question(
            failures=fail or (),
            changes=change or (),
            further=then or (),
            max_utilisation=parsed_share(max_utilisation, "--max-utilisation") if max_utilisation else None,
            lost=lost,
            within_n1=within_n1,
        )
        found = what_if.ask(screen, read, network, question, drawn=file_of_picture is not None)
        if screen.as_json:
            screen.json(what_if.to_json(found))
        else:
            what_if.render(screen, found)
        if found.networks is not None:
            after, words = found.networks.after, "; ".join(step.name for step in found.steps)
            marks = after.marks(f"{after.network}: {words}", supposing.summary(found.networks))
            pictures.write(screen, file_of_picture, after.topology, after.network, marks)
        what_if.require(found)

    _on(context, file, twin, work, kubeconfig=kubeconfig, kube_context=kube_context, output=output)


@twin_app.command("spof")
def spof_command(
    context: typer.Context,
    file: File = "",
    *,
    twin: Named = "",
    network: Network = "",
    anchors: Annotated[
        list[str] | None,
        typer.Option(
            "--anchors",
            help="A node that others must reach, such as a gateway; repeatable. Default: demands count.",
            autocompletion=prompting.nodes,
        ),
    ] = None,
    top: Top = 20,
    kubeconfig: Kubeconfig = None,
    kube_context: KubeContext = None,
    output: Format = Output.TABLE,
) -> None:
    """Rank single points of failure by what they take down. Exit code 1 if there are any, 3 if that is not known."""

    def work(screen: Screen, read: Read) -> None:
        found = single_losses.gather(read, network, anchors or ())
        if screen.as_json:
            screen.json(single_losses.to_json(found))
        else:
            single_losses.render(screen, found, top)
        single_losses.require(found)

    _on(context, file, twin, work, kubeconfig=kubeconfig, kube_context=kube_context, output=output)


@twin_app.command("contingency")
def contingency_command(
    context: typer.Context,
    file: File = "",
    *,
    twin: Named = "",
    network: Network = "",
    scope: Annotated[
        list[Scope] | None,
        typer.Option("--scope", help="What fails, one at a time; repeatable. pairs: two of them at once."),
    ] = None,
    max_utilisation: Limit = "1.0",
    top: Top = 20,
    kubeconfig: Kubeconfig = None,
    kube_context: KubeContext = None,
    output: Format = Output.TABLE,
) -> None:
    """Examine failures: which do harm, and the worst case of each link. Exit code 1 if any does, 3 if not known."""

    def work(screen: Screen, read: Read) -> None:
        limit = parsed_share(max_utilisation, "--max-utilisation")
        examined = chosen(read.topology, network)
        found = contingencies.examined(screen, read.topology, examined, scope or SINGLE, limit)
        if screen.as_json:
            screen.json(contingencies.to_json(found))
        else:
            contingencies.render(screen, read.topology, found, limit, top)
        contingencies.require(found)

    _on(context, file, twin, work, kubeconfig=kubeconfig, kube_context=kube_context, output=output)


@twin_app.command("diff")
def diff_command(
    one: Annotated[str, typer.Argument(metavar="A", help="A file.", autocompletion=prompting.files)],
    other: Annotated[str, typer.Argument(metavar="B", help="Another.", autocompletion=prompting.files)],
    *,
    output: Format = Output.TABLE,
) -> None:
    """List the elements that were added, removed or changed from A to B. Exit code 1 if there are any."""

    def work(screen: Screen) -> None:
        found = comparing.gather(from_file(one), from_file(other))
        if screen.as_json:
            screen.json(comparing.to_json(found))
        else:
            comparing.render(screen, found)
        if found.differences:
            raise typer.Exit(Exit.ERROR)

    offline(work, output)


@twin_app.command("export")
def export_command(
    context: typer.Context,
    file: File = "",
    *,
    form: Annotated[Target, typer.Option("--format", help="What it is written as.")],
    target: Annotated[Path | None, typer.Option("-o", "--to", help="Default: the standard output.")] = None,
    twin: Named = "",
    network: Network = "",
    kubeconfig: Kubeconfig = None,
    kube_context: KubeContext = None,
) -> None:
    """Write the topology as a document, or one network of it as a picture."""

    def work(screen: Screen, read: Read) -> None:
        showing.render_defects(screen, read.defects)
        if read.snapshot is not None:
            require_networks(read.topology)
        text = _drawn(read, network) if form is Target.SVG else export(read.topology, DOCUMENTS[form])
        if target is None:
            screen.raw(text)
        else:
            pictures.write_text(target, text)
            screen.title(f"{read.source} is written to {target}")

    # What is meant for people goes to the error output, as the document may be all of the other.
    _on(context, file, twin, work, kubeconfig=kubeconfig, kube_context=kube_context, output=Output.JSON)


def _drawn(read: Read, network: str) -> str:
    now = state(read.topology, chosen(read.topology, network))
    return picture(now.topology, now.network, now.marks(f"{now.network} as it is"))


def _on(
    context: typer.Context,
    file: str,
    twin: str,
    work: Callable[[Screen, Read], None],
    *,
    kubeconfig: str | None,
    kube_context: str | None,
    output: Output,
) -> None:
    """Do `work` on the topology of a file, or else of a twin in the cluster."""

    def with_file(screen: Screen) -> None:
        if not file or twin:
            raise Failure(Exit.USAGE, "which topology?", "name a FILE, or a twin with --twin, and not both")
        work(screen, from_file(file))

    def with_twin(session: Session) -> None:
        work(session.screen, session.run(lambda kube: from_twin(kube, twin)))

    if not twin or file:
        offline(with_file, output)
        return
    command(
        context,
        with_twin,
        kubeconfig=kubeconfig,
        kube_context=kube_context,
        namespace=None,
        output=output,
        everywhere=True,
    )
