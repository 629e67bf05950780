"""A query kept to a namespace reads that namespace's series and no others, whatever its text tries."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import promql_parser as promql
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forestall.adapters.promql import InvalidQueryError, within

KEPT: Mapping[str, str] = {
    "up": 'up{namespace="shop"}',
    "up{}": 'up{namespace="shop"}',
    'up{job="a"}': 'up{job="a",namespace="shop"}',
    'up{job!="a",pod=~"b.*",zone!~"c"}': 'up{job!="a",namespace="shop",pod=~"b.*",zone!~"c"}',
    '{__name__=~"up.*"}': '{__name__=~"up.*",namespace="shop"}',
    '{__name__="up"}': '{__name__="up",namespace="shop"}',
    '{"up"}': '{__name__="up",namespace="shop"}',
    'up{namespace="bank"}': 'up{namespace="bank",namespace="shop"}',
    'up{namespace=~".*"}': 'up{namespace="shop",namespace=~".*"}',
    'up{job="\\"} or secrets{a=\\""}': 'up{job="\\"} or secrets{a=\\"",namespace="shop"}',
    'up{job="a\\\\"}': 'up{job="a\\\\",namespace="shop"}',
    'up{job="a\\nb"}': 'up{job="a\\nb",namespace="shop"}',
    "up{job='a'}": 'up{job="a",namespace="shop"}',
    "up{job=`a\\b`}": 'up{job="a\\\\b",namespace="shop"}',
    'up{job="ключ"}': 'up{job="ключ",namespace="shop"}',
    "up offset 5m": 'up{namespace="shop"} offset 5m',
    "up offset -5m": 'up{namespace="shop"} offset -5m',
    'up{job="}"} offset 5m': 'up{job="}",namespace="shop"} offset 5m',
    "up @ 1609746000": 'up{namespace="shop"} @ 1609746000.000',
    "up @ start() offset 1h": 'up{namespace="shop"} @ start() offset 1h',
    "rate(up[5m])": 'rate(up{namespace="shop"}[5m])',
    "rate(up[5m] offset 1h)": 'rate(up{namespace="shop"}[5m] offset 1h)',
    "deriv(rate(up[1m])[10m:30s] offset 1w)": 'deriv(rate(up{namespace="shop"}[1m])[10m:30s] offset 1w)',
    "a or b": 'a{namespace="shop"} or b{namespace="shop"}',
    "a unless on (pod) b": 'a{namespace="shop"} unless on (pod) b{namespace="shop"}',
    "-(a)": '-(a{namespace="shop"})',
    "topk(3, a)": 'topk(3, a{namespace="shop"})',
    "quantile by (pod) (0.9, a) / on (pod) group_left (node) b": (
        'quantile by (pod) (0.9, a{namespace="shop"}) / on (pod) group_left (node) b{namespace="shop"}'
    ),
    'label_replace(a, "x", "$1", "y", "(.*)")': 'label_replace(a{namespace="shop"}, "x", "$1", "y", "(.*)")',
    'absent(a{b="c"})': 'absent(a{b="c",namespace="shop"})',
    "count_values('v', a)": 'count_values("v", a{namespace="shop"})',
    "1 + 2": "1 + 2",
    "vector(1)": "vector(1)",
    "up # } or secrets{": 'up{namespace="shop"}',
}


@pytest.mark.parametrize(("query", "kept"), KEPT.items(), ids=KEPT.keys())
def test_every_selector_gets_the_namespace(query: str, kept: str) -> None:
    assert promql.parse(within(query, "shop")).prettify() == promql.parse(kept).prettify()


@pytest.mark.parametrize("query", ["", "up{", "sum(", "up{a=b}", 'up"}', "up; drop", "{{ up }}", "up\0"])
def test_what_is_no_promql_is_refused(query: str) -> None:
    with pytest.raises(InvalidQueryError, match="not PromQL"):
        within(query, "shop")


def test_alternatives_of_matchers_are_refused_with_a_remedy() -> None:
    with pytest.raises(InvalidQueryError, match="write two selectors"):
        within('up{job="a" or namespace="bank"}', "shop")


def test_a_namespace_is_data() -> None:
    [selector] = selectors(promql.parse(within("up", 'a"} or secrets{b="')))
    assert [(one.name, one.value) for one in selector.matchers.matchers] == [("namespace", 'a"} or secrets{b="')]


def selectors(node: promql.Expr) -> Iterator[promql.VectorSelector]:
    """Every selector below a node."""
    found: list[promql.VectorSelector] = []

    def visit(one: promql.Expr) -> None:
        if isinstance(one, promql.VectorSelector):
            found.append(one)

    promql.transform(node, post_visit=visit)
    yield from found


VALUES = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
NAMES = st.sampled_from(["a", "http_requests_total", "job:up:sum"])


def quoted(value: str) -> str:
    """A PromQL string, written out the other way: every character that is no plain letter as an escape."""
    return '"' + "".join(one if one.isascii() and one.isalnum() else f"\\U{ord(one):08x}" for one in value) + '"'


@st.composite
def selecting(draw: st.DrawFn) -> str:
    labels = draw(st.dictionaries(st.sampled_from(["job", "namespace", "pod"]), VALUES, max_size=3))
    inside = ",".join(f"{name}{draw(st.sampled_from(['=', '!=']))}{quoted(value)}" for name, value in labels.items())
    return f"{draw(NAMES)}{{{inside}}}{draw(st.sampled_from(['', ' offset 5m', ' @ end()', ' @ 12 offset -1h']))}"


QUERIES = st.recursive(
    selecting(),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from([" + ", " or ", " unless on (pod) ", " > bool "]), inner).map("".join),
        inner.map(lambda one: f"({one})"),
        inner.map(lambda one: f"sum by (pod) ({one})"),
        inner.map(lambda one: f"max_over_time(({one})[5m:1m])"),
        inner.map(lambda one: f'label_replace({one}, "a", "$1", "b", "(.*)")'),
    ),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(QUERIES)
def test_no_selector_of_any_query_is_left_out(query: str) -> None:
    before, after = list(selectors(promql.parse(query))), list(selectors(promql.parse(within(query, "shop"))))
    assert len(after) == len(before) > 0
    for old, new in zip(before, after, strict=True):
        wanted = sorted([*_matchers(old), ("namespace", promql.MatchOp.Equal, "shop")], key=str)
        assert sorted(_matchers(new), key=str) == wanted
        assert (new.name, _when(new)) == (old.name, _when(old))


def _matchers(selector: promql.VectorSelector) -> list[tuple[str, promql.MatchOp, str]]:
    return [(one.name, one.op, one.value) for one in selector.matchers.matchers]


def _when(selector: promql.VectorSelector) -> tuple[object, ...]:
    return selector.offset, selector.at and (selector.at.type, selector.at.at)
