"""What is counted as the operator goes."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from forestall.api.prediction import Score
from forestall.api.remediationplan import Timestamps
from forestall.ports import Measurement
from forestall.runtime.telemetry import Metrics
from tests.unit.gates.scene import NOW


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(name, labels)


def test_queries_are_counted_and_those_without_an_answer_again() -> None:
    metrics = Metrics()
    metrics.asked({"a": Measurement("a", NOW), "b": Measurement("b", NOW, error="refused")})
    assert value(metrics, "forestall_queries_total") == 2
    assert value(metrics, "forestall_query_errors_total") == 1


def test_each_part_of_an_ended_plans_way_is_timed() -> None:
    metrics = Metrics()
    moments = [NOW + timedelta(seconds=seconds) for seconds in (0, 10, 14, 44)]
    metrics.ended(Timestamps.model_validate(dict(zip(Timestamps.model_fields, moments, strict=True))))
    sums = {part: value(metrics, "forestall_plan_seconds_sum", part=part) for part in ("decide", "act", "verify")}
    assert sums == {"decide": 10, "act": 4, "verify": 30}


def test_what_a_plan_did_not_come_to_is_not_timed_and_still_served() -> None:
    metrics = Metrics()
    metrics.ended(Timestamps(detected=NOW))
    assert value(metrics, "forestall_plan_seconds_count", part="decide") == 0


def test_predictions_are_counted_with_what_came_true_and_how_far_off_they_were() -> None:
    metrics = Metrics()
    metrics.scored("fault", Score(matched=2, total=3, error=Decimal("0.04")))
    metrics.scored("fault", Score(matched=1, total=1))
    assert value(metrics, "forestall_predicted_facts_total", about="fault") == 4
    assert value(metrics, "forestall_predicted_facts_right_total", about="fault") == 3
    assert value(metrics, "forestall_prediction_error_count", about="fault") == 1
    assert value(metrics, "forestall_predicted_facts_total", about="plan") == 0
