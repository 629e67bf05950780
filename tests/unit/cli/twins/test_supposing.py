"""`twin what-if` compares before and after, names what falls, and ends with 1 where a limit is broken."""

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from typer.testing import Result

from forestall.api.base import Key
from forestall.twin.topology import Gate, Topology
from tests.unit.cli.twins.asking import BACKBONE, asked, document, rows, twin
from tests.unit.twin.networks import GIGABIT, demand, platform, ring, router

RING = document(ring("abcd", demand("a", "b", 6 * GIGABIT), demand("a", "d", 6 * GIGABIT)))
"""Two demands of 6 Gbit/s, each over a cable of 10 Gbit/s of its own, which each could go round by the other."""


def what_if(*args: str, given: str = RING) -> Result:
    return twin("what-if", "-", *args, given=given)


def test_before_and_after_stand_beside_each_other() -> None:
    result = what_if("--fail", "a-b")
    assert result.exit_code == 0
    found = {" ".join(row[:2]): row for row in rows(result, "MEASURE")}
    assert "AFTER: a-b fails" in result.stdout
    assert found["highest utilisation"][2:] == ["60", "%", "120", "%"]
    assert found["links above"][-2:] == ["0", "1"]


def test_overloaded_links_are_named_with_what_they_carried_before() -> None:
    assert rows(what_if("--fail", "a-b"), "LINK") == [["a-d", "60", "%", "120", "%"]]


@pytest.mark.parametrize(
    ("args", "code"),
    [
        (("--max-utilisation", "1.2"), 0),
        (("--max-utilisation", "1.1"), 1),
        (("--max-utilisation", "110%"), 1),
        (("--lost", "0"), 0),
        ((), 0),
    ],
)
def test_the_exit_code_says_whether_the_limits_hold(args: tuple[str, ...], code: int) -> None:
    assert what_if("--fail", "a-b", *args).exit_code == code


@pytest.mark.parametrize(("lost", "code"), [("0", 1), ("5.9G", 1), ("6G", 0), ("49%", 1), ("50%", 0)])
def test_lost_demand_is_limited_by_amount_or_share(lost: str, code: int) -> None:
    result = what_if("--fail", "a-b", "--fail", "c-d", "--lost", lost)
    assert result.exit_code == code
    if code:
        assert "6 Gbit/s are lost" in result.stderr


def test_a_broken_limit_is_told_with_its_worst_case() -> None:
    found = asked("what-if", "-", "--fail", "a-b", "--max-utilisation", "0.8", given=RING)
    assert found["broken"] == ["a-b fails: 1 link above 80 %, most of all a-d at 120 %"]
    assert found["holds"] is False


def test_several_failures_are_one_event() -> None:
    found = asked("what-if", "-", "--fail", "a-b", "--fail", "d-a", given=RING)
    assert [step["name"] for step in found["steps"]] == ["before", "a-b fails and d-a fails"]
    assert [step["lost"] for step in found["steps"]] == [0, 12 * GIGABIT]


def test_what_begins_or_ends_at_what_fails_is_not_counted_as_lost() -> None:
    (_, after) = asked("what-if", "-", "--fail", "b", "--lost", "0", given=RING)["steps"]
    assert (after["lost"], after["ended"]) == (0, 6 * GIGABIT)


def test_changes_at_once_and_one_after_the_other_are_steps() -> None:
    args = ("--change", "demands*1.5", "--then", "a-b:capacity=20G", "--then", "a-d:capacity=20G; d-a:capacity=20G")
    found = asked("what-if", "-", *args, given=RING)
    assert [step["maxUtilisation"] for step in found["steps"]] == pytest.approx([0.6, 0.9, 0.9, 0.45])
    assert found["steps"][3]["name"] == "a-d:capacity=20G; d-a:capacity=20G"


def test_a_limit_must_hold_in_every_step() -> None:
    args = ("--change", "demands*2", "--then", "demands*0.5", "--max-utilisation", "0.8")
    result = what_if(*args)
    assert (result.exit_code, "demands*2: 2 links above 80 %" in result.stderr) == (1, True)


def test_within_n1_one_more_failure_is_tried_in_each_step() -> None:
    result = what_if("--change", "demands*0.9", "--within-n1", "--max-utilisation", "1.0")
    assert result.exit_code == 1
    assert (
        "demands*0.9: one more failure uses a link above 100 %, most of all a-b at 108 % when a-d fails"
        in result.stderr
    )
    assert what_if("--change", "demands*0.8", "--within-n1", "--max-utilisation", "1.0").exit_code == 0


def test_traps_are_failures_that_the_network_survives_today_and_not_in_the_step() -> None:
    args = ("--change", "c:down", "--then", "c:up", "--within-n1", "--max-utilisation", "2")
    found = rows(what_if(*args), "STEP")
    assert [row[:4] for row in found] == [["c:down", "a-b", "6", "Gbit/s"], ["c:down", "a-d", "6", "Gbit/s"]]
    steps = asked("what-if", "-", *args, given=RING)["steps"]
    assert steps[0]["traps"] == steps[2]["traps"] == []
    assert ["NetworkLink/backbone/a-b", "NetworkLink/backbone/b-a"] in steps[1]["traps"]


def test_within_n1_what_one_more_failure_loses_is_limited_too() -> None:
    args = ("--fail", "c-d", "--within-n1", "--lost")
    result = what_if(*args, "5G")
    assert (result.exit_code, "6 Gbit/s more are lost when a-b fails, and 5 Gbit/s may be" in result.stderr) == (
        1,
        True,
    )
    assert what_if(*args, "12G").exit_code == 0


def test_the_blast_radius_reaches_services_unless_others_stand_in() -> None:
    workers = (router("w1", "cluster"), router("w2", "cluster"))
    services = Topology.of(
        gates=[
            Gate(owner=Key("Service", "shop", name), needs=needs, members=workers)
            for name, needs in (("web", 1), ("db", 2))
        ]
    )
    topology = ring("abc").plus(platform({"w1": "a", "w2": "b"})).plus(services)
    result = twin("what-if", "-", "--network", "backbone", "--fail", "a", given=document(topology))
    found = {tuple(row[:2]): row for row in rows(result, "WHAT")}
    assert found["Service", "1"] == ["Service", "1", "shop/db"]
    assert found["platform", "nodes"] == ["platform", "nodes", "1", "w1"]


def test_a_service_can_be_supposed_to_fail_though_only_gates_know_it() -> None:
    gates = [Gate(owner=Key("Service", "shop", "web"), needs=1, members=(Key("Service", "shop", "db"),))]
    topology = ring("abc").plus(Topology.of(gates=gates))
    found = asked("what-if", "-", "--fail", "shop/db", given=document(topology))
    assert found["blastRadius"] == {"Service": ["Service/shop/db", "Service/shop/web"]}


def test_nodes_that_are_up_but_cut_off_are_part_of_it() -> None:
    result = twin("what-if", BACKBONE, "--fail", "munich-passau")
    assert ["up,", "but", "cut", "off", "1", "passau"] in rows(result, "WHAT")


def test_a_risk_group_fails_with_all_its_members() -> None:
    (_, after) = asked("what-if", BACKBONE, "--fail", "rhine-duct")["steps"]
    ways = {f"NetworkLink/backbone/{way}" for way in ("cologne-frankfurt-1", "frankfurt-2-cologne")}
    assert (len(after["down"]), ways <= set(after["down"])) == (4, True)


def test_whether_a_limit_holds_is_not_known_without_demands() -> None:
    result = twin("what-if", "-", "--fail", "a", "--lost", "0", given=document(ring("abc")))
    assert (result.exit_code, "whether it holds is not known" in result.stderr) == (3, True)


def test_the_picture_shows_the_state_after(tmp_path: Path) -> None:
    file = tmp_path / "after.svg"
    what_if("--fail", "a", "--picture", str(file))
    root = ET.XML(file.read_text())
    assert len([element for element in root.iter() if element.get("class") == "fallen"]) == 2
    assert [element.text for element in root.iter() if element.get("class") == "title"] == ["backbone: a fails"]


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ((), "nothing is supposed"),
        (("--fail", "x"), "--fail: there is no element 'x'"),
        (("--change", "a"), "--change: 'a' is no change"),
        (("--change", "a:metric=2"), "--change: there is no link 'a'"),
        (("--change", "a-b:metric=0"), "'0' is no metric"),
        (("--change", "a-b:capacity=ten"), "'ten' is no amount"),
        (("--change", "a-b:capacity=0"), "a capacity of 0 is none"),
        (("--change", "a>b:to=nowhere"), "there is no node 'nowhere'"),
        (("--change", "demands*-1"), "is no change"),
        (("--fail", "a", "--lost", "much"), "--lost: 'much' is no amount"),
        (("--fail", "a", "--max-utilisation", "full"), "--max-utilisation: 'full' is no share"),
    ],
)
def test_what_cannot_be_understood_is_named_with_a_remedy(args: tuple[str, ...], said: str) -> None:
    result = what_if(*args)
    assert (result.exit_code, result.stdout) == (2, "")
    assert said in result.stderr
    assert "remedy: " in result.stderr
