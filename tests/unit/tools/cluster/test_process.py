"""Processes are started, watched and ended by identity, never by a pid alone."""

import signal
import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from tools.cluster.process import Process, State, alive, current, send, start, stop, wait_until


@pytest.fixture
def sleeper(tmp_path: Path) -> Iterator[Process]:
    process = start("sleeper", ["sleep", "600"], log=tmp_path / "sleeper.log")
    yield process
    stop(process)


def gone(process: Process) -> bool:
    return not alive(process)


def test_a_started_process_lives_until_it_is_stopped(sleeper: Process) -> None:
    assert alive(sleeper)
    stop(sleeper)
    assert not alive(sleeper)
    assert not Path(f"/proc/{sleeper.pid}").exists()


def test_stopping_twice_does_nothing_the_second_time(sleeper: Process) -> None:
    stop(sleeper)
    stop(sleeper)
    assert not alive(sleeper)


def test_a_process_that_got_the_pid_since_is_neither_taken_for_it_nor_harmed(sleeper: Process) -> None:
    before = replace(sleeper, start_time=sleeper.start_time - 1)
    assert not alive(before)
    stop(before)
    send(before, signal.SIGKILL)
    assert alive(sleeper)


def test_one_that_ignores_sigterm_is_killed_after_the_grace(tmp_path: Path) -> None:
    code = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); signal.pause()"
    log = tmp_path / "log"
    process = start("deaf", [sys.executable, "-c", code], log=log)
    wait_until("it to be deaf", lambda: "deaf" in log.read_text(), alive_also=[process])
    stop(process, grace=0.1)
    assert not alive(process)


def test_output_is_appended_and_folder_and_environment_are_the_given_ones(tmp_path: Path) -> None:
    log = tmp_path / "logs" / "log"
    for _ in range(2):
        process = start("says", ["sh", "-c", 'pwd; echo "$X" >&2'], log=log, env={"X": "x"}, cwd=tmp_path)
        wait_until("its end", partial(gone, process))
    assert log.read_text() == f"{tmp_path}\nx\n" * 2


def test_a_program_that_is_not_there_is_an_error_at_once(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        start("absent", ["/no/such/program"], log=tmp_path / "log")


def test_waiting_returns_once_the_condition_holds() -> None:
    answers = iter([False, False, True])
    assert 0 <= wait_until("the third answer", lambda: next(answers), interval=0) < 60


def test_waiting_too_long_names_what_was_waited_for() -> None:
    with pytest.raises(TimeoutError, match="for the sun to rise"):
        wait_until("the sun to rise", lambda: False, timeout=0)


def test_waiting_ends_with_the_words_of_a_watched_process_that_died(tmp_path: Path) -> None:
    process = start("etcd", ["sh", "-c", "echo disk is full; exit 1"], log=tmp_path / "log")
    with pytest.raises(RuntimeError, match="etcd ended while waiting for readiness\ndisk is full"):
        wait_until("readiness", lambda: False, alive_also=[process])


def test_the_program_itself_is_alive() -> None:
    assert alive(current("me"))


def test_the_record_is_read_by_another_in_the_order_of_first_starts(tmp_path: Path) -> None:
    written = State(tmp_path / "state")
    written.create()
    first, second = Process("etcd", 1, 10, "log"), Process("apiserver", 2, 20)
    for process in (first, second, replace(first, pid=3)):
        written.record(process)
    written.set("ports", {"etcd": 2379})
    read = State(tmp_path / "state")
    assert read.processes() == [replace(first, pid=3), second]
    assert read.get("ports") == {"etcd": 2379}
    assert read.get("nothing") is None


def test_a_state_removes_only_the_folder_it_made(tmp_path: Path) -> None:
    own, other = State(tmp_path / "own"), State(tmp_path / "other")
    own.create()
    own.remove()
    other.folder.mkdir()
    other.remove()
    assert [folder.name for folder in tmp_path.iterdir()] == ["other"]


def test_a_folder_that_holds_other_things_is_refused(tmp_path: Path) -> None:
    (tmp_path / "letter").touch()
    with pytest.raises(FileExistsError, match="not empty"):
        State(tmp_path).create()
