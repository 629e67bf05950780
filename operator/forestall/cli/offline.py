"""The commands that need no cluster."""

from __future__ import annotations

from typing import Annotated

import typer

from forestall.cli.commands import Format
from forestall.cli.lint import lint
from forestall.cli.session import Output, offline

Files = Annotated[list[str], typer.Argument(metavar="FILE...", help="YAML files; - for the standard input.")]


def lint_command(files: Files, *, output: Format = Output.TABLE) -> None:
    """Check manifests without a cluster: fields, bounds, rules, names, PromQL. Exit code 1 if there is anything."""
    offline(lambda screen: lint(screen, files), output)
