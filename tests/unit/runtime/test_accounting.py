"""The ledger follows the statuses, and whatever becomes of it the loop goes on."""

import asyncio
from collections.abc import Collection, Sequence

import pytest

from forestall.api.remediationplan import RemediationPlan
from forestall.closure import chain
from forestall.ports import Entry, LedgerError, Row
from forestall.runtime.accounting import BATCH, MOST_LOOKED_UP, Accountant
from forestall.runtime.store import Store
from forestall.runtime.telemetry import Metrics
from tests.unit.closure.histories import finding, good, policy
from tests.unit.closure.test_items import CLOSED


class Book:
    """A ledger in memory; while `problem` is set it cannot be written."""

    def __init__(self) -> None:
        self.written: list[Row] = []
        self.calls = 0
        self.asked: list[str] = []
        self.problem = ""

    async def append(self, entries: Sequence[Entry]) -> int:
        self.calls += 1
        if self.problem:
            raise LedgerError(self.problem)
        known = [row.entry for row in self.written]
        fresh = [entry for entry in entries if entry not in known]
        for entry in fresh:
            self.written.append(chain.seal(self.written[-1] if self.written else None, entry))
        return len(fresh)

    async def rows(self, after: int) -> Sequence[Row]:
        return self.written[after:]

    async def told(self, uids: Collection[str], transition: str) -> frozenset[str]:
        self.asked += uids
        if self.problem:
            raise LedgerError(self.problem)
        return frozenset(uid for uid in uids if transition in self.transitions(uid))

    def transitions(self, uid: str) -> set[str]:
        return {row.entry.transition for row in self.written if row.entry.uid == uid}


class Office:
    """An accountant with a book, metrics and a store."""

    def __init__(self) -> None:
        self.book, self.metrics = Book(), Metrics()
        self.accountant = Accountant(self.book, self.metrics)
        self.store = Store(self.accountant.notice)

    def put(self, *items: object) -> None:
        for item in items:
            self.store.put(*wire(item))

    def look(self) -> None:
        asyncio.run(self.accountant.look(self.store))

    def metric(self, name: str) -> float | None:
        return self.metrics.registry.get_sample_value(name)


def wire(item: object) -> tuple[str, dict[str, object]]:
    assert hasattr(item, "to_json")
    assert hasattr(item, "crd")
    return item.crd.kind, item.to_json()


@pytest.fixture
def office() -> Office:
    return Office()


def test_what_the_statuses_say_is_written_once(office: Office) -> None:
    office.put(policy(), finding(*CLOSED), good(0))
    office.look()
    assert office.book.transitions("uid-of-web") == {"Raised", "Planned", "Cleared", "Closed"}
    assert office.book.transitions("uid-of-p") == {"Proposed", "Approved", "Intended", "Finished", "Verified", "Ended"}
    assert office.metric("forestall_ledger_rows_total") == 10
    office.look()
    assert office.book.calls == 1


def test_after_a_start_plans_whose_end_the_ledger_has_are_passed_over(office: Office) -> None:
    office.put(good(0))
    office.look()
    started = Accountant(office.book, office.metrics)
    started.notice(good(0))
    asyncio.run(started.look(office.store))
    assert started.has(good(0))
    assert office.book.calls == 1


def test_a_plan_that_has_not_ended_is_not_passed_over(office: Office) -> None:
    office.put(good(0, phase="Soaking"))
    office.look()
    assert office.book.asked == []
    office.put(good(0))
    office.look()
    assert office.book.asked == ["uid-of-p"]
    assert "Ended" in office.book.transitions("uid-of-p")


def test_of_thousands_that_have_ended_so_many_are_looked_up_before_each_batch(office: Office) -> None:
    for number in range(MOST_LOOKED_UP + BATCH + 1):
        plan = good(0)
        office.accountant.notice(
            plan.model_copy(update={"metadata": plan.metadata.model_copy(update={"uid": f"{number}"})})
        )
    office.look()
    assert office.book.asked[:MOST_LOOKED_UP] == [str(number) for number in range(MOST_LOOKED_UP)]
    assert office.metric("forestall_ledger_behind") == 0


def test_entries_are_written_in_the_order_of_their_times(office: Office) -> None:
    office.put(policy(), finding(*CLOSED), good(0))
    office.look()
    times = [row.entry.at for row in office.book.written]
    assert times == sorted(times)


def test_an_unwritable_ledger_is_counted_and_made_up_for(office: Office) -> None:
    office.book.problem = "no space left"
    office.put(good(0))
    office.look()
    office.look()
    assert office.metric("forestall_ledger_errors_total") == 2
    assert office.metric("forestall_ledger_behind") == 1
    office.book.problem = ""
    office.look()
    assert "Ended" in office.book.transitions("uid-of-p")
    assert office.metric("forestall_ledger_behind") == 0


def test_what_changes_while_the_ledger_is_written_is_written_next(office: Office) -> None:
    changed = good(0)

    class Slow(Book):
        async def append(self, entries: Sequence[Entry]) -> int:
            written = await super().append(entries)
            if self.calls == 1:
                accountant.notice(changed)
            return written

    book = Slow()
    accountant = Accountant(book, Metrics())
    accountant.notice(good(0, phase="Soaking"))
    asyncio.run(accountant.look(office.store))
    assert "Ended" not in book.transitions("uid-of-p")
    asyncio.run(accountant.look(office.store))
    assert "Ended" in book.transitions("uid-of-p")


def test_a_finding_waits_for_its_policy_which_says_how_it_counts(office: Office) -> None:
    office.put(finding(*CLOSED))
    office.look()
    assert office.book.written == []
    office.put(policy("Propose"))
    office.look()
    assert {row.entry.body["mode"] for row in office.book.written} == {"Propose"}


def test_what_is_deleted_is_told_as_it_was_at_its_end(office: Office) -> None:
    office.put(finding((0, "Raised")), good(0, phase="Soaking"))
    for item in (finding(*CLOSED), good(0)):
        office.store.drop(*wire(item))
    office.look()
    assert "Closed" in office.book.transitions("uid-of-web")
    assert "Ended" in office.book.transitions("uid-of-p")


def test_a_status_that_makes_no_sense_stops_no_other(office: Office) -> None:
    odd: RemediationPlan = good(0, name="odd", steps=[])
    office.put(odd, good(0))
    office.look()
    assert office.book.transitions("uid-of-odd") == set()
    assert "Ended" in office.book.transitions("uid-of-p")


def test_many_objects_are_written_a_part_at_a_time(office: Office) -> None:
    office.put(*(good(0, name=f"p{number}") for number in range(2 * BATCH + 1)))
    office.look()
    assert office.book.calls == 3
    assert "Ended" in office.book.transitions(f"uid-of-p{2 * BATCH}")


def test_kinds_without_an_account_are_left_out(office: Office) -> None:
    office.put(policy())
    office.look()
    assert office.book.calls == 0
    assert office.metric("forestall_ledger_behind") == 0
