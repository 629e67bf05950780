"""An outage is measured by what a caller sees: answers, and the time between them."""

import http.server
import threading
from collections.abc import Iterator
from contextlib import nullcontext
from functools import partial

import pytest

from tools.cluster import host
from tools.cluster.process import wait_until
from tools.demo.outage import STEADY, Probe, Prober, failed_share, longest_gap, steady


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/" else 404)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the base class
        pass


class Service:
    """A web server on a port of its own, which can go and come back."""

    def __init__(self) -> None:
        self.port = host.free_ports(1)[0]
        self.begin()

    def begin(self) -> None:
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}).start()

    def end(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def service() -> Iterator[Service]:
    running = Service()
    yield running
    running.end()


def made(pattern: str, every: float = 0.2) -> list[Probe]:
    """Requests, one after another, answered at once where the pattern has a dot."""
    return [Probe(i * every, i * every, mark == ".") for i, mark in enumerate(pattern)]


@pytest.mark.parametrize(
    ("pattern", "gap", "share"),
    [("......", 0.2, 0.0), ("..xxx..", 0.8, 3 / 7), ("x.x.x", 0.4, 0.6), (".xxxx.xx.", 1.0, 6 / 9)],
)
def test_gap_and_share_follow_from_the_answers(pattern: str, gap: float, share: float) -> None:
    assert longest_gap(made(pattern)) == pytest.approx(gap)
    assert failed_share(made(pattern)) == pytest.approx(share)


def test_the_gap_lies_between_answers_in_the_order_in_which_they_came() -> None:
    slow = [Probe(0.0, 0.4, ok=True), Probe(0.2, 0.3, ok=True), Probe(0.4, 0.5, ok=True)]
    assert longest_gap(slow) == pytest.approx(0.1)


@pytest.mark.parametrize("pattern", ["", "xxx", "x.x"])
def test_there_is_no_gap_without_two_answers(pattern: str) -> None:
    with pytest.raises(ValueError, match="a gap wants two"):
        longest_gap(made(pattern))


def test_no_share_comes_of_no_requests() -> None:
    with pytest.raises(ValueError, match="no request"):
        failed_share([])


def test_a_service_is_steady_after_enough_answers_in_a_row() -> None:
    assert steady(made("xx" + "." * STEADY))
    assert not steady(made("xx" + "." * (STEADY - 1)))
    assert not steady(made("." * STEADY + "x"))


def test_answers_from_before_the_fault_do_not_make_it_steady() -> None:
    probes = made("." * STEADY)
    assert not steady(probes, since=probes[1].asked)
    assert steady(probes, since=probes[0].asked)


def test_the_prober_sees_a_service_go_and_come_back(service: Service) -> None:
    def seen(prober: Prober, wanted: bool, after: int) -> bool:
        return any(probe.ok == wanted for probe in prober.probes("one")[after:])

    with Prober({"one": ("127.0.0.1", service.port)}, nullcontext) as prober:
        wait_until("the first answer", partial(seen, prober, True, 0))
        for act, ok in ((service.end, False), (service.begin, True)):
            act()
            so_far = len(prober.probes("one"))
            wait_until(f"an answer that is {ok}", partial(seen, prober, ok, so_far))
    probes = prober.probes("one")
    assert 0 < failed_share(probes) < 1
    assert longest_gap(probes) > 0


def test_a_prober_that_cannot_enter_says_so_to_whoever_reads() -> None:
    def closed() -> nullcontext[None]:
        raise PermissionError("the network is closed")

    with Prober({"one": ("127.0.0.1", 1)}, closed) as prober:
        pass
    with pytest.raises(RuntimeError, match="the prober has ended"):
        prober.probes("one")
