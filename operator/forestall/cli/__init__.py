"""`kubectl forestall`: what stands where, what is proposed and why, and a person's decision on it."""

import logging
import sys

from forestall.cli import accounts, completing, offline, operating
from forestall.cli.commands import app
from forestall.cli.twins.commands import twin_app

app.command("report")(accounts.report_command)
app.add_typer(accounts.ledger_app, name="ledger")
app.command("findings")(operating.findings_command)
app.command("pause")(operating.pause_command)
app.command("resume")(operating.resume_command)
app.command("take-over")(operating.take_over_command)
app.command("wait")(operating.wait_command)
app.command("doctor")(operating.doctor_command)
app.command("readiness")(operating.readiness_command)
app.command("explain")(operating.explain_command)
app.command("lint")(offline.lint_command)
app.add_typer(twin_app, name="twin")


def complete() -> None:
    """What kubectl runs, as `kubectl_complete-forestall`, to complete the plugin's command line."""
    logging.disable()  # the client's complaints would land in the middle of the prompt
    completing.run(app, sys.argv[1:])


__all__ = ["app", "complete"]
