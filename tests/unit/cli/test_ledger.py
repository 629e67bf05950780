"""`ledger` verifies, exports and copies a ledger, and names what does not hold."""

import json
import sqlite3
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from forestall.adapters.ledger.sqlite import SqliteLedger
from forestall.cli import app
from tests.unit.adapters.ledger.samples import append, entry, every


@pytest.fixture
def path(tmp_path: Path) -> Path:
    place = tmp_path / "ledger.db"
    append(SqliteLedger(place), *map(entry, range(1, 1200)))
    return place


def run(*args: str, given: str = "", **environment: str) -> Result:
    return CliRunner().invoke(app, ["ledger", *args], input=given, env=environment)


def test_a_whole_chain_is_verified_and_its_end_is_named(path: Path) -> None:
    result = run("verify", "--ledger", str(path))
    last = every(SqliteLedger(path))[-1]
    assert (result.exit_code, result.stdout) == (0, f"1199 rows hold; the last one's hash is {last.hash}\n")


def test_json_has_the_count_and_the_end_of_the_chain_and_both_ends_of_a_copy(path: Path, tmp_path: Path) -> None:
    last, copy = every(SqliteLedger(path))[-1], str(tmp_path / "copy.db")
    assert json.loads(run("verify", "--ledger", str(path), "-o", "json").stdout) == {"rows": 1199, "hash": last.hash}
    told = run("backup", copy, "--ledger", str(path), "-o", "json")
    assert json.loads(told.stdout) == {"from": str(path), "to": copy}, told.stderr


def test_in_the_operators_pod_the_ledger_need_not_be_named(path: Path) -> None:
    assert run("verify", FORESTALL_LEDGER=str(path)).exit_code == 0
    result = run("verify", FORESTALL_LEDGER="")
    assert (result.exit_code, "--ledger" in result.stderr) == (2, True)


def test_the_first_row_that_does_not_hold_is_named(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("DROP TRIGGER ledger_no_update")
        connection.execute("UPDATE ledger SET uid = 'forged' WHERE seq IN (7, 9)")
    result = run("verify", "--ledger", str(path))
    assert result.exit_code == 1
    assert "row 7 does not hold: the row was changed after it was written" in result.stderr


def test_an_export_has_a_row_in_each_line_and_is_verified_like_the_ledger(path: Path, tmp_path: Path) -> None:
    exported = run("export", "--ledger", str(path))
    lines = exported.stdout.splitlines()
    assert [json.loads(line)["seq"] for line in lines] == list(range(1, 1200))
    assert run("verify", "--from", "-", given=exported.stdout).stdout == run("verify", "--ledger", str(path)).stdout

    cut = tmp_path / "cut.jsonl"
    cut.write_text("\n".join([*lines[:4], *lines[5:]]))
    assert "row 5 does not hold: the row is missing" in run("verify", "--from", str(cut)).stderr
    cut.write_text("\n".join([*lines[:4], lines[4][:40]]))
    assert f"{cut}, line 5" in run("verify", "--from", str(cut)).stderr


def test_a_backup_is_restored_where_there_is_no_ledger(path: Path, tmp_path: Path) -> None:
    backup, other = tmp_path / "backup.db", tmp_path / "other.db"
    assert run("backup", str(backup), "--ledger", str(path)).exit_code == 0
    assert run("restore", str(backup), "--ledger", str(other)).exit_code == 0
    assert every(SqliteLedger(other)) == every(SqliteLedger(path))
    again = run("restore", str(backup), "--ledger", str(other))
    assert (again.exit_code, "nothing is replaced" in again.stderr) == (1, True)


def test_a_backup_that_does_not_hold_is_not_restored(path: Path, tmp_path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("DROP TRIGGER ledger_no_delete")
        connection.execute("DELETE FROM ledger WHERE seq = 3")
    other = tmp_path / "other.db"
    result = run("restore", str(path), "--ledger", str(other))
    assert (result.exit_code, "row 3 does not hold" in result.stderr) == (1, True)
    assert not other.exists()


@pytest.mark.parametrize("command", ["verify", "export"])
def test_where_there_is_no_ledger_none_is_made(command: str, tmp_path: Path) -> None:
    result = run(command, "--ledger", str(tmp_path / "none.db"))
    assert (result.exit_code, "none.db" in result.stderr) == (1, True)
    assert list(tmp_path.iterdir()) == []


def test_a_ledger_in_postgresql_is_left_to_its_own_tools(tmp_path: Path) -> None:
    result = run("backup", str(tmp_path / "backup.db"), "--ledger", "postgresql://db/forestall")
    assert (result.exit_code, "use pg_dump" in result.stderr) == (2, True)
