"""Whatever an object holds, the output holds text: no escapes, no markup, no lines of its own making."""

import io

import yaml

from forestall.cli.screen import Screen
from tests.unit.cli.cluster import Cluster
from tests.unit.cli.objects import finding, plan, policy
from tests.unit.cli.running import run

HOSTILE = "\x1b]0;owned\x07\x1b[31m[red]Fulfilled[/red]\r\nPlan shop/other: Succeeded\N{RIGHT-TO-LEFT OVERRIDE}"
SHOWN = "\\x1b]0;owned\\x07\\x1b[31m[red]Fulfilled[/red]\\r\\nPlan shop/other: Succeeded\\u202e"
NAME = "imagepull-web-1-0-1"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_hostile_text_is_shown_as_text_wherever_it_stands() -> None:
    target = {
        "ref": {"kind": "Deployment", "namespace": HOSTILE[:60], "name": "web"},
        "uid": "u",
        "readsHash": "",
        "owners": [HOSTILE],
    }
    cluster = Cluster(
        [
            policy(goals=[{"name": "g", "observed": "Unknown", "predicted": "Unknown", "trigger": HOSTILE}]),
            finding(
                message=HOSTILE,
                affectedServices=[HOSTILE],
                evidence=[{"source": HOSTILE, "query": HOSTILE, "message": HOSTILE}],
            ),
            plan(message=HOSTILE, diff=f"+{HOSTILE}", riskReasons=[HOSTILE], target=target),
        ]
    )
    for args in (("status",), ("plans",), ("show", NAME), ("approve", NAME, "--yes")):
        result = run(cluster, *args)
        assert result.exit_code == 0, args
        assert SHOWN.split("\\r", maxsplit=1)[0] in result.stdout, args
        assert not any(line.startswith("Plan shop/other") for line in result.stdout.splitlines()), args
        assert not set("\x1b\x07\r\N{RIGHT-TO-LEFT OVERRIDE}") & set(result.stdout), args


def test_hostile_text_in_an_error_is_shown_as_text() -> None:
    result = run(Cluster([plan(phase="Stale", message=HOSTILE)]), "approve", NAME, "--yes")
    assert SHOWN in result.stderr
    assert "\x1b" not in result.stderr


def test_every_line_of_a_hostile_diff_stays_inside_the_diff() -> None:
    out = io.StringIO()
    Screen(out, io.StringIO(), as_json=False).diff("+a\n+b\x0b\x85c\u2028d\r\n")
    assert out.getvalue() == "  +a\n  +b\\x0b\\x85c\\u2028d\\r\n"


def test_colours_are_for_terminals_alone() -> None:
    for file, coloured in ((Terminal(), True), (io.StringIO(), False)):
        Screen(file, io.StringIO(), as_json=False).diff("+added")
        assert ("\x1b[" in file.getvalue()) is coloured


def test_nothing_is_cut_however_narrow_the_terminal() -> None:
    out = Terminal()
    Screen(out, io.StringIO(), as_json=False).table(("A", "B"), [("x" * 300, "y" * 300)])
    assert out.getvalue().count("x") == out.getvalue().count("y") == 300


def test_a_program_gets_long_lines_whole() -> None:
    out = io.StringIO()
    Screen(out, io.StringIO(), as_json=False).table(("A",), [("word " * 200 + "end",)])
    assert out.getvalue().splitlines()[1].rstrip() == "word " * 200 + "end"


def test_yaml_says_the_same_and_escapes_what_is_no_text() -> None:
    out = io.StringIO()
    value = {"text": "\x1b\N{RIGHT-TO-LEFT OVERRIDE}\ud800", "yes": [None, True, 1.5, "no"]}
    Screen(out, io.StringIO(), as_json=True, as_yaml=True).json(value)
    assert yaml.safe_load(out.getvalue().replace("\\uD800", "")) == {**value, "text": "\x1b\N{RIGHT-TO-LEFT OVERRIDE}"}
    assert out.getvalue().isascii()


def test_progress_is_told_on_a_terminal_alone() -> None:
    for err, told in ((Terminal(), True), (io.StringIO(), False)):
        with Screen(io.StringIO(), err, as_json=True).progress("failures", 3) as advance:
            advance(3)
        assert ("failures" in err.getvalue()) is told


def test_with_json_all_talk_goes_to_the_error_output() -> None:
    out, err = io.StringIO(), io.StringIO()
    screen = Screen(out, err, as_json=True)
    screen.title("talk")
    screen.json({"text": "\x1b"})
    assert out.getvalue() == '{\n  "text": "\\u001b"\n}\n'
    assert err.getvalue() == "talk\n"
