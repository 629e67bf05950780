"""`python -m forestall.actions ACTION [--check]`: the entry point of every action Job.

Exit codes: 0 done, 1 failed, 2 wrong usage, 40 a precondition did not hold and nothing was changed, 41 nothing
to do. The result is JSON in the termination message, and a log line.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from forestall.actions.order import InvalidOrderError, read
from forestall.actions.perform import PRECONDITION_FAILED, Result, perform
from forestall.adapters.kubernetes.client import connect
from forestall.planning.changes import ACTIONS


def main(arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run one action; returns the exit code."""
    parser = argparse.ArgumentParser(prog="forestall.actions", description="Run one action of a remediation plan.")
    parser.add_argument("action", choices=sorted(ACTIONS))
    parser.add_argument("--check", action="store_true", help="check everything, change nothing")
    options = parser.parse_args(arguments)
    result = asyncio.run(_run(options.action, environment, check_only=options.check))
    _report(result, environment)
    return result.code


async def _run(action: str, environment: Mapping[str, str], *, check_only: bool) -> Result:
    try:
        order = read(action, environment)
    except InvalidOrderError as error:
        return Result(PRECONDITION_FAILED, str(error))
    async with await connect() as kube:
        return await perform(order, kube, check_only=check_only, time=time.monotonic)


def _report(result: Result, environment: Mapping[str, str]) -> None:
    text = json.dumps(result.to_json())
    marks = {"plan_uid": environment.get("FORESTALL_PLAN_UID", ""), "traceparent": environment.get("TRACEPARENT", "")}
    sys.stdout.write(json.dumps({**marks, **result.to_json()}) + "\n")
    Path(environment.get("FORESTALL_TERMINATION_LOG", "/dev/termination-log")).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
