"""PromQL kept to one namespace: a query of a namespaced policy reads nobody else's series.

The query is parsed, the matcher is added to every selector of the tree, and the tree is printed again. Text
is never searched or concatenated, so no label value can break out.
"""

from __future__ import annotations

import json
from functools import lru_cache

import promql_parser as promql

_OPERATORS = (
    (promql.MatchOp.Equal, "="),
    (promql.MatchOp.NotEqual, "!="),
    (promql.MatchOp.Re, "=~"),
    (promql.MatchOp.NotRe, "!~"),
)


class InvalidQueryError(ValueError):
    """The text is no PromQL, or PromQL that cannot be kept to a namespace."""


@lru_cache(maxsize=1024)
def within(query: str, namespace: str) -> str:
    """`query` with `namespace="…"` in every selector. Raises InvalidQueryError."""
    try:
        tree = promql.parse(query)
    except ValueError as error:
        raise InvalidQueryError(f"not PromQL: {error}") from error
    return promql.transform(tree, post_visit=lambda node: _pinned(node, namespace)).prettify()


def _pinned(node: promql.Expr, namespace: str) -> promql.Expr | None:
    """A selector with the matcher added; None leaves any other node as it is."""
    if not isinstance(node, promql.VectorSelector):
        return None
    if node.matchers.or_matchers:
        raise InvalidQueryError("`or` between label matchers cannot be kept to a namespace: write two selectors")
    matchers = [_text(matcher) for matcher in node.matchers.matchers]
    matchers.append(f"namespace={json.dumps(namespace)}")
    return promql.parse(f"{node.name or ''}{{{','.join(matchers)}}}{_modifiers(node)}")


def _text(matcher: promql.Matcher) -> str:
    operator = next(text for kind, text in _OPERATORS if kind == matcher.op)
    return f"{matcher.name}{operator}{json.dumps(matcher.value, ensure_ascii=False)}"


def _modifiers(selector: promql.VectorSelector) -> str:
    """The selector's offset and @, as printed: what follows its name or its closing brace."""
    printed = selector.prettify()
    return printed[printed.rindex("}") + 1 :] if "}" in printed else printed[len(selector.name or "") :]
