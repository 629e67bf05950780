"""The machine is asked for what is needed, and what it lacks is named with the remedy."""

import socket

import pytest

from tools.cluster import host


def test_what_is_missing_is_named_with_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(host.Missing, match=r"`openssl`: install OpenSSL 3 .*apt-get install openssl"):
        host.require("openssl")


def test_what_is_there_is_no_error() -> None:
    host.require("openssl", "sh")


def test_free_ports_differ_and_are_free() -> None:
    ports = host.free_ports(20)
    assert len(set(ports)) == 20
    for port in ports:
        with socket.create_server(("127.0.0.1", port)):
            assert port in host.PORTS


def test_a_port_that_somebody_listens_on_is_not_free(monkeypatch: pytest.MonkeyPatch) -> None:
    taken, free = host.free_ports(2)
    monkeypatch.setattr(host, "PORTS", [taken, free])
    with socket.create_server(("127.0.0.1", taken)):
        assert host.free_ports(2) == [free]
