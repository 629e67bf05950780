"""Completion of names at a shell's prompt, and what kubectl runs to complete the plugin's command line.

Whatever goes wrong, there is nothing to offer: an error in the middle of a prompt helps nobody.
"""

from __future__ import annotations

import asyncio
import io
import os
import shlex
import sys
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout, suppress
from typing import Any, Final

import typer

from forestall.adapters.kubernetes.kubeconfig import InvalidKubeconfigError, contexts, read
from forestall.adapters.resources import FINDINGS, NODES, PAUSES, PLANS, POLICIES, TWINS
from forestall.cli.failures import Failure
from forestall.cli.kubeconfig import namespace_of
from forestall.cli.session import World
from forestall.ports import Json, KubeError, Resource

PROGRAM: Final = "kubectl-forestall"
NO_FILES: Final = ":4"
"""Tells kubectl that names of files are no completions."""
LONGEST: Final = 3.0
"""Seconds that somebody at a prompt waits."""
Complete = Callable[[typer.Context, str], list[str]]


def _names(
    *kinds: Resource,
    wanted: Callable[[Json], bool] = lambda _: True,
    cluster_scoped: bool = False,
    prefix: str = "",
) -> Complete:
    def complete(context: typer.Context, incomplete: str) -> list[str]:
        try:
            found = asyncio.run(asyncio.wait_for(_read(context, kinds, cluster_scoped=cluster_scoped), LONGEST))
        except (Failure, KubeError, TimeoutError):
            return []
        names = (f"{prefix}{item['metadata']['name']}" for item in found if wanted(item))
        return sorted(name for name in names if name.startswith(incomplete))

    return complete


async def _read(context: typer.Context, kinds: Sequence[Resource], *, cluster_scoped: bool) -> list[Json]:
    kubeconfig, chosen = _option(context, "kubeconfig"), _option(context, "kube_context")
    namespace = "" if cluster_scoped else _option(context, "namespace") or namespace_of(kubeconfig, chosen)
    async with await context.ensure_object(World).connect(kubeconfig, chosen) as kube:
        return [item for kind in kinds for item in await kube.list(kind, namespace)]


def _option(context: typer.Context, name: str) -> str | None:
    """The value of an option that stands behind the command's name or before it."""
    here: Any = context
    while here is not None:
        if value := here.params.get(name):
            return str(value)
        here = here.parent
    return None


def _pending(plan: Json) -> bool:
    return bool((plan.get("status") or {}).get("phase") == "PendingApproval")


plans = _names(PLANS)
pending = _names(PLANS, wanted=_pending)
items = _names(PLANS, FINDINGS)
policies = _names(POLICIES)
twins = _names(TWINS, cluster_scoped=True)
hosts = _names(NODES, cluster_scoped=True, prefix="node/")
pauses = _names(PAUSES)


def kube_contexts(context: typer.Context, incomplete: str) -> list[str]:
    """The contexts of the kubeconfig."""
    try:
        return [name for name in contexts(read(_option(context, "kubeconfig"))) if name.startswith(incomplete)]
    except InvalidKubeconfigError:
        return []


def run(app: typer.Typer, words: Sequence[str]) -> None:
    """Write what could stand in the place of the last of `words`, as kubectl wants to be told of it."""
    line = shlex.join([PROGRAM, *words[:-1]])
    os.environ |= {
        # As for fish: a candidate on each line, a tab before its help. That is kubectl's form, too.
        "_KUBECTL_FORESTALL_COMPLETE": "complete_fish",
        "_TYPER_COMPLETE_FISH_ACTION": "get-args",
        "_TYPER_COMPLETE_ARGS": f"{line} {words[-1] if words else ''}",
    }
    with redirect_stdout(io.StringIO()) as written, suppress(SystemExit):
        app(prog_name=PROGRAM)
    for candidate in (*written.getvalue().split("\n"), NO_FILES):
        if candidate:
            sys.stdout.write(f"{candidate}\n")
