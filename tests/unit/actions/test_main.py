"""The entry point of every action Job: exit code, termination message and log line say the same."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from forestall.actions.__main__ import main
from forestall.actions.perform import PRECONDITION_FAILED
from tests.unit.actions.test_order import environment


def test_an_order_that_cannot_be_read_changes_nothing_and_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = tmp_path / "termination-log"
    marks = {"FORESTALL_PLAN_UID": "u1", "TRACEPARENT": "00-a-b-01"}
    told = {"FORESTALL_TERMINATION_LOG": str(log), **marks}
    code = main(["scale"], {**environment(FORESTALL_PARAMETERS="[]"), **told})
    written, printed = json.loads(log.read_text()), json.loads(capsys.readouterr().out)
    assert code == written["code"] == PRECONDITION_FAILED
    assert "cannot be read" in written["message"]
    assert printed == {"plan_uid": "u1", "traceparent": "00-a-b-01", **written}


@pytest.mark.parametrize("arguments", [[], ["reboot"], ["scale", "--force"], ["scale", "extra"]])
def test_wrong_usage_has_its_own_code(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments, {})
    assert caught.value.code == 2
    assert "usage: forestall.actions" in capsys.readouterr().err
