"""Amounts are written in the largest whole unit, and read back in the same letters."""

import math

import pytest

from forestall.cli.failures import Failure
from forestall.cli.twins.figures import counted, finite, listed, parsed_rate, parsed_share, rate
from tests.unit.twin.networks import cable, ring


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (0, "0 bit/s"),
        (999, "999 bit/s"),
        (1000, "1 kbit/s"),
        (999_960, "1 Mbit/s"),
        (12.5e9, "12.5 Gbit/s"),
        (1e12, "1 Tbit/s"),
        (2.5e19, "25000 Pbit/s"),
        (math.inf, "not known"),
    ],
)
def test_a_rate_is_written_in_the_unit_that_suits_it(amount: float, text: str) -> None:
    assert rate(amount) == text


@pytest.mark.parametrize(("text", "amount"), [("0", 0), ("10G", 1e10), ("2.5T", 2.5e12), ("400M", 4e8), ("9k", 9e3)])
def test_a_rate_is_read(text: str, amount: float) -> None:
    assert parsed_rate(text, "x") == amount


@pytest.mark.parametrize(
    "text", ["", "-1", "10g", "1e9", "ten", "10 G", "\N{FULLWIDTH DIGIT ONE}", "nan", "inf", "1.G"]
)
def test_what_is_no_rate_is_refused(text: str) -> None:
    with pytest.raises(Failure, match="x: "):
        parsed_rate(text, "x")


@pytest.mark.parametrize(("text", "share"), [("0.8", 0.8), ("80%", 0.8), ("1", 1.0), ("0", 0.0)])
def test_a_share_is_read(text: str, share: float) -> None:
    assert parsed_share(text, "x") == pytest.approx(share)


def test_counts_have_their_number() -> None:
    assert [counted(number, "node") for number in (0, 1, 2)] == ["0 nodes", "1 node", "2 nodes"]


def test_of_a_cable_one_way_is_named_and_of_many_elements_the_first() -> None:
    topology = ring("abcdefghijkl")
    assert listed(topology, [cable("a", "b"), cable("b", "a")]) == "a-b"
    assert listed(topology, topology.nodes) == "a, b, c, d, e, f, g, h and 4 more"
    assert listed(topology, []) == "-"


def test_what_has_no_limit_is_null() -> None:
    assert (finite(math.inf), finite(1.5)) == (None, 1.5)
