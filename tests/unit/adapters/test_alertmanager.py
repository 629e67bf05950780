"""What Alertmanager sends is read alert by alert; what is hostile is refused or counted, and spoils nothing else."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from forestall.adapters.alertmanager import MOST_ALERTS, UnreadableError, decode


def alert(**more: Any) -> dict[str, Any]:
    known = {"status": "firing", "fingerprint": "ab12", "startsAt": "2030-01-01T13:00:00.9+01:00"}
    return {**known, "labels": {"alertname": "Slow"}, "annotations": {"summary": "so slow"}, **more}


def body(*alerts: Any, **more: Any) -> bytes:
    return json.dumps({"version": "4", "status": "firing", "receiver": "x", "alerts": alerts, **more}).encode()


def test_an_alert_is_read_with_its_time_in_utc_to_the_second() -> None:
    found = decode(body(alert(endsAt="0001-01-01T00:00:00Z", generatorURL="http://p"), truncatedAlerts=3))
    (one,) = found.alerts
    assert (one.firing, one.name, one.fingerprint) == (True, "Slow", "ab12")
    assert one.starts_at == datetime(2030, 1, 1, 12, tzinfo=UTC)
    assert one.annotations == {"summary": "so slow"}
    assert (found.unreadable, found.truncated) == (0, 3)


@pytest.mark.parametrize("end", ["0001-01-01T00:00:00Z", "0001-01-01T00:00:00+01:00", "soon", {}, None])
def test_an_end_that_is_not_told_or_cannot_be_read_costs_no_alert(end: Any) -> None:
    (one,) = decode(body(alert(endsAt=end))).alerts
    assert one.ends_at is None or one.ends_at.year == 1


def test_what_a_later_alertmanager_adds_is_passed_over() -> None:
    assert len(decode(body(alert(reason="new"), notification_reason={"a": [1]})).alerts) == 1


def test_an_alert_without_annotations_or_a_name_is_an_alert() -> None:
    (one,) = decode(body({**alert(labels={}), "annotations": {}})).alerts
    assert one.name == ""


@pytest.mark.parametrize("order", [("firing", "resolved"), ("resolved", "firing"), ("resolved", "firing", "resolved")])
def test_of_alerts_with_one_fingerprint_a_firing_one_counts(order: tuple[str, ...]) -> None:
    (one,) = decode(body(*(alert(status=status) for status in order))).alerts
    assert one.firing


BODIES: dict[str, bytes] = {
    "nothing": b"",
    "no JSON": b"alerts=1",
    "half of it": body(alert())[:-9],
    "no UTF-8": b'{"version":"4","alerts":[],"x":"\xff"}',
    "half a surrogate pair": body(alert(labels={"a": "\ud800"})),
    "a list": b"[]",
    "no alerts": b'{"version":"4"}',
    "alerts that are no list": body()[:-3] + b'{"a":1}}',
    "another version": body(version="5"),
    "a version that is a number": body(version=4),
    "a number of five thousand digits": body()[:-1] + b',"truncatedAlerts":' + b"9" * 5000 + b"}",
    "fewer than none left out": body(truncatedAlerts=-1),
    "lists in lists": b'{"version":"4","alerts":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "too many": body(*[0] * (MOST_ALERTS + 1)),
}


@pytest.mark.parametrize("given", BODIES.values(), ids=BODIES.keys())
def test_what_is_no_notification_is_refused_in_few_words(given: bytes) -> None:
    with pytest.raises(UnreadableError) as refusal:
        decode(given)
    assert 0 < len(str(refusal.value)) < 200


ALERTS: dict[str, Any] = {
    "a number": 7,
    "nothing": None,
    "a list": [],
    "labels that are a list": alert(labels=[["alertname", "Slow"]]),
    "a label that is a number": alert(labels={"alertname": 7}),
    "a label that is nothing": alert(labels={"alertname": None}),
    "a huge label": alert(labels={"alertname": "x" * 4097}),
    "a huge name of a label": alert(labels={"x" * 257: "x"}),
    "too many labels": alert(labels={f"l{number}": "x" for number in range(65)}),
    "a huge annotation": alert(annotations={"summary": "x" * 4097}),
    "no fingerprint": alert(fingerprint=""),
    "a fingerprint that is none": alert(fingerprint="../ab"),
    "a fingerprint with a line behind it": alert(fingerprint="ab\n"),
    "a long fingerprint": alert(fingerprint="a" * 64),
    "a state of its own": alert(status="suppressed"),
    "no time": alert(startsAt=None),
    "a time that is none": alert(startsAt="yesterday"),
    "a time of no zone": alert(startsAt="2030-01-01T12:00:00"),
    "a time after the end of time": alert(startsAt="9999-12-31T23:59:59-23:59"),
    "names of our own": {**alert(), "startsAt": None, "starts_at": "2030-01-01T12:00:00Z"},
}


@pytest.mark.parametrize("given", ALERTS.values(), ids=ALERTS.keys())
def test_an_alert_that_cannot_be_read_is_counted_and_leaves_the_others(given: Any) -> None:
    found = decode(body(given, alert(fingerprint="cd34")))
    assert [one.fingerprint for one in found.alerts] == ["cd34"]
    assert found.unreadable == 1
