"""One run of one command: its options, its connection, and how it ends."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeVar

import typer

from forestall.adapters.clock import SystemClock
from forestall.adapters.kubernetes.client import connect
from forestall.cli.failures import Exit, Failure, explain
from forestall.cli.kubeconfig import namespace_of
from forestall.cli.reading import checked_name
from forestall.cli.screen import Screen
from forestall.ports import Clock, Kube, KubeError

T = TypeVar("T")
Connect = Callable[[str | None, str | None], Awaitable[AbstractAsyncContextManager[Kube]]]
"""Connects by a kubeconfig and a context of it, either of which may be left to the environment."""


async def _one_second() -> None:
    await asyncio.sleep(1)


class Output(StrEnum):
    """How results are written."""

    TABLE = "table"
    JSON = "json"
    YAML = "yaml"


@dataclass(frozen=True)
class World:
    """What the commands need of the outside."""

    connect: Connect = connect
    clock: Clock = field(default_factory=SystemClock)
    attended: Callable[[], bool] = sys.stdin.isatty
    """Whether a person can be asked."""
    pause: Callable[[], Awaitable[None]] = _one_second
    """Waits between two looks at a plan that is followed."""


@dataclass(frozen=True)
class Session:
    """A command's options, understood. `namespace` is empty for all namespaces."""

    world: World
    screen: Screen
    kubeconfig: str | None
    kube_context: str | None
    namespace: str

    def run(self, work: Callable[[Kube], Awaitable[T]]) -> T:
        """Carry out `work` on a connection of its own. Raises Failure."""
        return asyncio.run(self._run(work))

    async def _run(self, work: Callable[[Kube], Awaitable[T]]) -> T:
        try:
            connection = await self.world.connect(self.kubeconfig, self.kube_context)
        except KubeError as error:
            remedy = "check it with: kubectl config get-contexts"
            raise Failure(Exit.ERROR, f"the kubeconfig leads to no cluster: {error.message}", remedy) from error
        async with connection as kube:
            try:
                return await work(kube)
            except KubeError as error:
                raise explain(error) from error


def command(
    context: typer.Context,
    work: Callable[[Session], None],
    *,
    kubeconfig: str | None,
    kube_context: str | None,
    namespace: str | None,
    output: Output,
    everywhere: bool = False,
) -> None:
    """Do `work` in a session of these options; a Failure is printed and becomes the exit code."""

    def connected(screen: Screen) -> None:
        own = "" if everywhere else checked_name(namespace or namespace_of(kubeconfig, kube_context), "namespace")
        work(Session(context.ensure_object(World), screen, kubeconfig, kube_context, own))

    offline(connected, output)


def offline(work: Callable[[Screen], None], output: Output) -> None:
    """Do `work` without a cluster; a Failure is printed and becomes the exit code."""
    screen = Screen(sys.stdout, sys.stderr, as_json=output is not Output.TABLE, as_yaml=output is Output.YAML)
    try:
        work(screen)
    except Failure as failure:
        screen.error(failure.message, failure.remedy)
        raise typer.Exit(failure.code) from failure
