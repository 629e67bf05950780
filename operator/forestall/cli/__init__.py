"""`kubectl forestall`: what stands where, what is proposed and why, and a person's decision on it."""

from forestall.cli import accounts, offline
from forestall.cli.commands import app

app.command("report")(accounts.report_command)
app.add_typer(accounts.ledger_app, name="ledger")
app.command("lint")(offline.lint_command)

__all__ = ["app"]
