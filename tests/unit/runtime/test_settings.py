"""Settings come from the environment; what is missing or wrong is named, with the remedy."""

from __future__ import annotations

from pathlib import Path

import pytest

from forestall.runtime.settings import AlertReceiver, InvalidSettingError, Settings, read

NEEDED = {
    "FORESTALL_NAMESPACE": "forestall",
    "FORESTALL_ACTION_IMAGE": "registry.example/forestall@sha256:1",
    "FORESTALL_REPLICA": "forestall-7d9f",
}


def test_three_are_needed_and_the_rest_have_defaults() -> None:
    image, replica = NEEDED["FORESTALL_ACTION_IMAGE"], NEEDED["FORESTALL_REPLICA"]
    assert read(NEEDED) == Settings(namespace="forestall", action_image=image, replica=replica)


def test_all_can_be_set() -> None:
    given = {
        "FORESTALL_ACTION_NAMESPACE": "actions",
        "FORESTALL_SERVICE_ACCOUNT": "op",
        "FORESTALL_HTTP_PORT": "0",
        "FORESTALL_LOG_LEVEL": "debug",
        "FORESTALL_WORKERS": "2",
        "FORESTALL_PROPOSALS": "0",
        "FORESTALL_SCAN_LIMIT": "1000",
        "FORESTALL_SCAN_PARALLELISM": "2",
    }
    chosen = read({**NEEDED, **given})
    assert (chosen.action_namespace, chosen.service_account, chosen.user) == (
        "actions",
        "op",
        "system:serviceaccount:forestall:op",
    )
    assert (chosen.http_port, chosen.log_level, chosen.workers, chosen.proposals) == (0, "DEBUG", 2, 0)
    assert (chosen.scan_limit, chosen.scan_parallelism) == (1000, 2)


@pytest.mark.parametrize("value", ["0", "200001", "many"])
def test_a_process_examines_no_more_than_it_can(value: str) -> None:
    with pytest.raises(InvalidSettingError, match="write a whole number from 1 to 200000"):
        read({**NEEDED, "FORESTALL_SCAN_LIMIT": value})


RECEIVING = {
    "FORESTALL_ALERTS_PORT": "9443",
    "FORESTALL_ALERTS_TOKEN": "/run/alerts/token",
    "FORESTALL_ALERTS_CERTIFICATE": "/run/alerts-tls",
}


def test_alerts_are_received_where_the_port_is_given() -> None:
    wanted = AlertReceiver(port=9443, token=Path("/run/alerts/token"), certificate=Path("/run/alerts-tls"))
    assert read({**NEEDED, **RECEIVING}).alerts == wanted


@pytest.mark.parametrize("name", ["FORESTALL_ALERTS_TOKEN", "FORESTALL_ALERTS_CERTIFICATE"])
def test_alerts_are_never_received_without_a_token_and_a_certificate(name: str) -> None:
    with pytest.raises(InvalidSettingError, match=f"{name} is not set: it is "):
        read({**NEEDED, **RECEIVING, name: ""})


@pytest.mark.parametrize("name", sorted(NEEDED))
@pytest.mark.parametrize("value", ["", None])
def test_what_is_needed_and_missing_is_named(name: str, value: str | None) -> None:
    given = {key: one for key, one in {**NEEDED, name: value}.items() if one is not None}
    with pytest.raises(InvalidSettingError, match=f"{name} is not set: it is "):
        read(given)


def test_an_image_by_tag_is_refused() -> None:
    with pytest.raises(InvalidSettingError, match="name the image by digest"):
        read({**NEEDED, "FORESTALL_ACTION_IMAGE": "registry.example/forestall:latest"})


@pytest.mark.parametrize("name", ["FORESTALL_HTTP_PORT", "FORESTALL_WORKERS"])
@pytest.mark.parametrize("value", ["", "-1", "eight", "8.0", "٨", "1e3", " 8"])
def test_what_is_no_whole_number_is_named(name: str, value: str) -> None:
    with pytest.raises(InvalidSettingError, match=f"{name} is .*write a whole number"):
        read({**NEEDED, name: value})


def test_an_operator_without_workers_is_refused() -> None:
    with pytest.raises(InvalidSettingError, match="from 1 on"):
        read({**NEEDED, "FORESTALL_WORKERS": "0"})


def test_the_environment_of_the_process_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in NEEDED.items():
        monkeypatch.setenv(name, value)
    assert read().namespace == "forestall"
