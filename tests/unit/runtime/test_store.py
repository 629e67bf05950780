"""The store: the last that was seen, never anything older, and nothing that cannot be read."""

from __future__ import annotations

import gc
import json
import tracemalloc
from typing import Any

import pytest

from forestall.api.base import Key, Resource
from forestall.api.remediationplan import RemediationPlan
from forestall.ports import Json, KubeError
from forestall.runtime.store import Store
from tests.unit.gates.scene import finding, plan, rendered

KIND = "RemediationPlan"
KEY = Key(KIND, "shop", "mend-cart")


def body(version: object = "7", *, uid: str = "u1", message: str = "", **more: Any) -> Json:
    known = plan().to_json()
    known["metadata"] = {"name": "mend-cart", "namespace": "shop", "uid": uid, "resourceVersion": version}
    return {**known, "status": {"phase": "Proposed", "message": message, "future": 1}, **more}


def stored(*bodies: Json) -> Store:
    store = Store()
    for one in bodies:
        assert store.put(KIND, one) == KEY
    return store


def message(store: Store) -> str | None:
    found = store.get(RemediationPlan, "shop", "mend-cart")
    return found.status.message if found else None


def test_what_was_put_is_found() -> None:
    store = stored(body(message="first"))
    assert message(store) == "first"
    assert [one.key for one in store.all(RemediationPlan)] == [KEY]
    assert store.get(RemediationPlan, "other", "mend-cart") is None


def test_all_can_be_asked_of_one_namespace() -> None:
    store = stored(body())
    assert list(store.all(RemediationPlan, "other")) == []
    assert len(list(store.all(RemediationPlan, "shop"))) == 1


def of_finding(name: str, created: str, owner: str = "finding-cart") -> Json:
    known = body(uid=name)
    known["metadata"] |= {"name": name, "creationTimestamp": created}
    known["spec"]["findingRef"]["name"] = owner
    return known


def names(store: Store) -> list[str]:
    """The plans of the one finding."""
    return [one.metadata.name for one in store.plans_of(finding())]


def test_the_plans_of_a_finding_come_oldest_first() -> None:
    store = Store()
    store.put(KIND, of_finding("second", "2030-01-01T12:00:01Z"))
    store.put(KIND, of_finding("first", "2030-01-01T12:00:00Z"))
    store.put(KIND, of_finding("foreign", "2030-01-01T12:00:00Z", owner="other"))
    assert names(store) == ["first", "second"]


def test_a_plan_that_is_gone_or_cannot_be_read_is_none_of_its_finding_any_more() -> None:
    store = Store()
    for name in ("deleted", "unreadable", "kept"):
        store.put(KIND, of_finding(name, "2030-01-01T12:00:00Z"))
    store.drop(KIND, of_finding("deleted", "2030-01-01T12:00:00Z"))
    store.put(KIND, {**of_finding("unreadable", "2030-01-01T12:00:00Z"), "spec": 1})
    assert names(store) == ["kept"]


def test_a_plan_of_the_same_name_may_belong_to_another_finding() -> None:
    store = Store()
    store.put(KIND, of_finding("again", "2030-01-01T12:00:00Z"))
    store.put(KIND, {**of_finding("again", "2030-01-01T12:00:00Z", owner="other")})
    assert names(store) == []


def test_what_is_read_may_be_changed_meanwhile() -> None:
    store = stored(body())
    for one in store.all(RemediationPlan):
        store.put(KIND, of_finding("new", "2030-01-01T12:00:00Z"))
        store.drop(KIND, {"metadata": one.metadata.to_json()})
    assert names(store) == ["new"]


def test_a_status_is_kept_as_it_was_on_the_wire() -> None:
    store = stored(body())
    assert store.status(KEY)["future"] == 1
    assert store.status(Key(KIND, "shop", "other")) == {}


def test_of_a_plan_that_has_ended_the_gist_is_kept_and_the_whole_is_told() -> None:
    told = list[Resource]()
    store = Store(told.append)
    ended = {**plan(rendered(phase="Succeeded", diff="-a")).to_json(), "metadata": body("7")["metadata"]}
    store.put(KIND, ended)
    [kept] = store.all(RemediationPlan)
    assert [kept] == store.plans_of(finding())
    assert (kept.status.phase, kept.status.diff, kept.status.steps) == ("Succeeded", "", ())
    assert [one.status.diff for one in told if isinstance(one, RemediationPlan)] == ["-a"]


def test_nothing_can_be_written_of_a_plan_that_has_ended() -> None:
    store = stored(body(status={"phase": "Succeeded", "message": "verified"}))
    with pytest.raises(KubeError, match="409 Conflict"):
        store.status(KEY)


def test_what_is_kept_of_a_plan_that_has_ended_is_less_than_half_of_what_it_was() -> None:
    assert memory_of("Succeeded") < memory_of("Executing") / 2


def memory_of(phase: str) -> float:
    """Bytes that each of many plans takes."""
    text, count = json.dumps({**plan(rendered(phase=phase)).to_json(), "metadata": body("7")["metadata"]}), 50
    store = Store()
    gc.collect()
    tracemalloc.start()
    try:
        for number in range(count):
            store.put(KIND, json.loads(text.replace("mend-cart", f"mend-{number}")))
        gc.collect()
        return tracemalloc.get_traced_memory()[0] / count
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("old", "new", "kept"),
    [("9", "10", "new"), ("10", "9", "old"), ("9", "9", "new"), ("a", "b", "new"), ("9", "", "new")],
)
def test_it_never_goes_back_in_time(old: str, new: str, kept: str) -> None:
    assert message(stored(body(old, message="old"), body(new, message="new"))) == kept


def test_another_object_of_that_name_is_news_whatever_its_version() -> None:
    assert message(stored(body("9", message="old"), body("3", uid="u2", message="new"))) == "new"


def test_it_knows_which_version_it_holds() -> None:
    store = stored(body("7"))
    assert store.holds(KIND, body("7"))
    assert not store.holds(KIND, body("8"))
    assert not store.holds(KIND, {})
    assert not Store().holds(KIND, body("7"))


def test_it_knows_whom_it_has_heard_of_readable_or_not() -> None:
    store = stored(body("7"))
    assert store.knows(KEY)
    store.put(KIND, body("8", spec=None))
    assert store.knows(KEY)
    store.drop(KIND, body("8"))
    assert not store.knows(KEY)


def test_what_is_gone_is_forgotten() -> None:
    store = stored(body())
    assert store.drop(KIND, body()) == KEY
    assert (message(store), store.status(KEY)) == (None, {})
    assert store.drop(KIND, body()) == KEY


UNREADABLE: dict[str, tuple[Json, str]] = {
    "no spec": ({"spec": None}, "spec: "),
    "a phase of a later version": ({"status": {"phase": "Dreaming"}}, "status.phase"),
    "a number for a text": ({"status": {"message": 7}}, "status.message"),
}


@pytest.mark.parametrize(("change", "field"), UNREADABLE.values(), ids=UNREADABLE.keys())
def test_what_cannot_be_read_is_absent_and_named_with_its_field(change: Json, field: str) -> None:
    store = stored(body("7"), body("8", **change))
    assert message(store) is None
    assert field in store.unreadable[KEY]


def test_what_can_be_read_again_is_no_longer_unreadable() -> None:
    store = stored(body("8", spec=None), body("9", message="well"))
    assert (message(store), store.unreadable) == ("well", {})


def test_an_unreadable_object_that_is_gone_is_forgotten_too() -> None:
    store = stored(body("8", spec=None))
    store.drop(KIND, body("8"))
    assert store.unreadable == {}


def test_nonsense_has_an_empty_place_of_its_own() -> None:
    store = Store()
    assert store.put(KIND, {}) == Key(KIND, "", "")
    assert list(store.all(RemediationPlan)) == []


def test_what_is_gone_does_not_come_back_with_a_late_answer() -> None:
    store = stored(body("7"))
    store.drop(KIND, body("8"))
    store.put(KIND, body("9", message="late"))
    assert message(store) is None
    store.put(KIND, body("10", uid="u2", message="anew"))
    assert message(store) == "anew"


def test_late_news_of_an_end_leave_the_next_of_that_name_alone() -> None:
    store = stored(body("7"), body("10", uid="u2", message="anew"))
    store.drop(KIND, body("8"))
    assert message(store) == "anew"


def test_what_is_lost_is_forgotten_and_does_not_come_back_with_a_late_answer() -> None:
    store = stored(body("7"))
    store.lose(KEY, "u1")
    store.put(KIND, body("9", message="late"))
    assert not store.knows(KEY)


def test_another_object_of_that_name_is_not_lost() -> None:
    store = stored(body("10", uid="u2", message="anew"))
    store.lose(KEY, "u1")
    assert message(store) == "anew"


def test_of_the_end_of_what_is_lost_nothing_is_told() -> None:
    told = list[Resource]()
    store = Store(told.append)
    store.put(KIND, body("7"))
    store.lose(KEY, "u1")
    assert len(told) == 1


def test_all_that_was_heard_of_is_known_by_its_key() -> None:
    store = stored(body("7"))
    assert {key: item and item.metadata.uid for key, item in store.heard_of(KIND).items()} == {KEY: "u1"}
    store.put(KIND, body("8", spec=None))
    assert store.heard_of(KIND) == {KEY: None}
    assert store.heard_of("Finding") == {}
