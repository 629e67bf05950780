"""What is chosen, and where it runs."""

import pytest

from tools.cluster import host
from tools.demo.narration import Narration
from tools.faults import __main__ as faults
from tools.faults.__main__ import NAMES, ONE, QUIET, TWO, work
from tools.faults.catalogue import CALM, FAULTS
from tools.faults.outcomes import Outcome, Results


def test_everything_is_run_once() -> None:
    chosen = work(NAMES)
    run = [one.name for some in chosen.faults.values() for one in some]
    assert sorted([*run, *(one.name for one in chosen.after)]) == sorted(one.name for one in FAULTS)
    assert chosen.calm == list(CALM)
    assert chosen.namespaces == sorted((ONE, TWO, QUIET))


def test_what_touches_nodes_runs_alone() -> None:
    for fault in FAULTS:
        touches = any({"cordon", "uncordon", "drain"} & set(command) for command in fault.inject)
        assert touches == (fault.lane == "after")


def test_only_namespaces_with_something_to_do_are_made() -> None:
    assert work(["target-port"]).namespaces == [TWO]
    assert work(["spread-lost"]).namespaces == [ONE]


def test_a_name_that_is_not_known_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        faults.main(["--only", "wrong-image,typo"])
    assert ended.value.code == 2
    assert "unknown: typo" in capsys.readouterr().err


def test_a_market_that_does_not_come_up_is_told_and_is_a_failure(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(_: Narration, __: object) -> Results:
        raise host.Missing("no root")

    monkeypatch.setattr(faults, "run", run)
    assert faults.main([]) == 1
    assert "no root" in capsys.readouterr().out


@pytest.mark.parametrize("passed", [True, False])
def test_the_exit_code_says_whether_the_aims_are_met(passed: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    found = Results([], [], 1.0, whole=True) if passed else Results([Outcome("a", "b")], [], 1.0, whole=True)
    monkeypatch.setattr(faults, "run", lambda *_: found)
    assert faults.main([]) == (0 if passed else 1)
