"""YAML as Kubernetes reads it, with the line of every field."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import yaml

from forestall.ports import Json

Path = tuple[str | int, ...]
"""The way to a field: names and indices."""


@dataclass(frozen=True)
class Problem:
    """What is wrong at a field, and what to do about it (empty: the message says it)."""

    path: Path
    message: str
    remedy: str = ""


@dataclass(frozen=True)
class Document:
    """One object of a file. Its content is as the API server would read it."""

    file: str
    content: Json
    node: yaml.Node

    def line(self, path: Path) -> int:
        """The line of the field, from 1; that of the nearest field around it where there is no such field."""
        node, line = self.node, self.node.start_mark.line
        for part in path:
            found = _below(node, part)
            if found is None:
                break
            key, node = found
            line = key.start_mark.line
        return line + 1


class UnreadableError(ValueError):
    """The text is no YAML. `line` is where, from 1."""

    def __init__(self, line: int, why: str) -> None:
        self.line = line
        super().__init__(why)


class _Loader(yaml.SafeLoader):
    """YAML without times, which JSON does not have, and with numbers such as 1e-3, which it has."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"[-+]?[0-9]+(\.[0-9]*)?[eE][-+]?[0-9]+"), list("-+0123456789")
)


def read(file: str, text: str) -> Iterator[tuple[Document, Sequence[Problem]]]:
    """Each object of a file with the keys that it gives twice. Raises UnreadableError."""
    loader = _Loader(text)
    try:
        while (node := loader.get_node() if loader.check_node() else None) is not None:
            twice = list(_twice(node, ()))
            content = loader.construct_document(node)
            if isinstance(content, dict):
                yield Document(file, content, node), twice
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        why = " ".join(part for part in (error.problem, error.context) if part)
        raise UnreadableError(mark.line + 1 if mark else 1, why) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise UnreadableError(1, str(error)) from error
    finally:
        loader.dispose()


def text_of(path: Path) -> str:
    """`spec.goals[0].name`."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).removeprefix(".")


def _below(node: yaml.Node, part: str | int) -> tuple[yaml.Node, yaml.Node] | None:
    """The node that shows where a field begins, and its value."""
    if isinstance(node, yaml.MappingNode):
        return next(((key, value) for key, value in node.value if key.value == part), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        return node.value[part], node.value[part]
    return None


def _twice(node: yaml.Node, path: Path) -> Iterator[Problem]:
    """The keys that a mapping gives more than once: the last one would count, and nobody would see it."""
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            name = str(key.value)
            if name in seen:
                yield Problem((*path, name), "it is given twice", "leave one of them out")
            seen.add(name)
            yield from _twice(value, (*path, name))
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield from _twice(item, (*path, index))
