"""A demonstration that did not get there says so, and its exit code does."""

import subprocess
from types import ModuleType

import pytest

from tools.cluster import host
from tools.demo import __main__ as demo
from tools.demo.narration import Narration
from tools.demo.twin import __main__ as twin
from tools.demo.waiting import Stuck


@pytest.mark.parametrize("program", [demo, twin])
@pytest.mark.parametrize(
    "error",
    [Stuck("no plan came"), host.Missing("no root"), subprocess.CalledProcessError(1, "kubectl"), TimeoutError("late")],
)
def test_whatever_goes_wrong_is_told_and_is_a_failure(
    error: Exception, program: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    error.add_note("[in] its own words")

    def perform(_: Narration) -> None:
        raise error

    monkeypatch.setattr(program, "perform", perform)
    assert program.main() == 1
    told = capsys.readouterr().out
    assert str(error) in told
    assert "[in] its own words" in told
