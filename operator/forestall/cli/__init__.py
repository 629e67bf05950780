"""`kubectl forestall`: what stands where, what is proposed and why, and a person's decision on it."""

from forestall.cli import accounts
from forestall.cli.commands import app

app.command("report")(accounts.report_command)
app.add_typer(accounts.ledger_app, name="ledger")

__all__ = ["app"]
