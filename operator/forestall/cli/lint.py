"""`lint`: what is wrong with manifests, by file, line and field, before they reach a cluster."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ValidationError

from forestall.api import schemas
from forestall.api.base import API_VERSION, GROUP, Resource
from forestall.api.crds import MODELS
from forestall.api.runbook import Runbook
from forestall.cli.failures import Exit, Failure
from forestall.cli.linting import crosschecks, documents, structure
from forestall.cli.linting.documents import Document, Problem, UnreadableError
from forestall.cli.screen import Screen
from forestall.ports import Json

STANDARD_INPUT = "-"
KINDS: Mapping[str, type[Resource]] = {model.crd.kind: model for model in MODELS}


@dataclass(frozen=True)
class Remark:
    """One thing that is wrong, and where."""

    file: str
    line: int
    field: str
    message: str
    remedy: str

    def to_json(self) -> Json:
        """The same as a JSON object."""
        return dict(vars(self))


@dataclass
class Linter:
    """Reads files one by one; judges them together, as one may name what another defines."""

    remarks: list[Remark] = field(default_factory=list)
    sound: list[tuple[Document, Resource]] = field(default_factory=list)
    documents: int = 0
    """Objects of forestall's kinds."""

    def read(self, file: str, text: str) -> None:
        """Take in a file. What is not forestall's is left alone."""
        try:
            for document, twice in documents.read(file, text):
                if str(document.content.get("apiVersion", "")).partition("/")[0] == GROUP:
                    self._take(document, twice)
        except UnreadableError as error:
            self.remarks.append(Remark(file, error.line, "", f"not YAML: {error}", "mend the file"))

    def judge(self) -> Sequence[Remark]:
        """All that is wrong, by file and line."""
        runbooks = {one.metadata.name: one.spec for _, one in self.sound if isinstance(one, Runbook)}
        for document, resource in self.sound:
            self._remark(document, crosschecks.problems(resource, runbooks))
        self._doubles()
        return sorted(self.remarks, key=lambda one: (one.file, one.line, one.field))

    def _take(self, document: Document, twice: Sequence[Problem]) -> None:
        self.documents += 1
        found = [*twice, *_structural(document.content)]
        self._remark(document, found)
        if not found:
            self._parse(document)

    def _parse(self, document: Document) -> None:
        content = {name: part for name, part in document.content.items() if name != "status"}
        try:
            self.sound.append((document, KINDS[content["kind"]].model_validate(content)))
        except ValidationError as error:
            wrong = error.errors(include_url=False)
            self._remark(
                document, (Problem(tuple(one["loc"]), one["msg"].removeprefix("Value error, ")) for one in wrong)
            )

    def _doubles(self) -> None:
        seen: dict[object, Document] = {}
        for document, resource in self.sound:
            first = seen.setdefault(resource.key, document)
            if first is not document:
                place = f"{first.file}:{first.line(('metadata', 'name'))}"
                problem = Problem(("metadata", "name"), f"{resource.key} is already defined at {place}", "keep one")
                self._remark(document, (problem,))

    def _remark(self, document: Document, found: Iterator[Problem] | Sequence[Problem]) -> None:
        for one in found:
            place = document.file, document.line(one.path), documents.text_of(one.path)
            self.remarks.append(Remark(*place, one.message, one.remedy))


def lint(screen: Screen, files: Sequence[str]) -> None:
    """Write what is wrong with the files. Raises Failure if anything is, or if a file cannot be read."""
    linter = Linter()
    for file in files:
        linter.read(file, _text(file))
    remarks = linter.judge()
    if screen.as_json:
        screen.json({"documents": linter.documents, "findings": [one.to_json() for one in remarks]})
    for one in remarks:
        screen.title(line_of(one))
    if remarks:
        raise Failure(Exit.ERROR, f"{len(remarks)} to mend in {linter.documents} objects")
    screen.title(f"{linter.documents} objects of forestall's, nothing to mend")


def line_of(remark: Remark) -> str:
    """`file:line: field: message; remedy`."""
    place = f"{remark.file}:{remark.line}: {f'{remark.field}: ' if remark.field else ''}"
    return f"{place}{remark.message}{f'; {remark.remedy}' if remark.remedy else ''}"


def _text(file: str) -> str:
    try:
        return sys.stdin.read() if file == STANDARD_INPUT else Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Failure(Exit.USAGE, f"{file} cannot be read: {error}", "name YAML files, or - for the input") from error


def _structural(content: Json) -> Iterator[Problem]:
    """What is wrong with an object's form, from its head on."""
    if content["apiVersion"] != API_VERSION:
        yield Problem(("apiVersion",), f"{content['apiVersion']} is not served", f"write {API_VERSION}")
    model = KINDS.get(str(content.get("kind")))
    if model is None:
        message = f"there is no kind {content.get('kind')}"
        yield Problem(("kind",), message, structure.unknown(str(content.get("kind")), KINDS))
        return
    yield from _named(content, model)
    yield from structure.problems(_schema(model), {name: content[name] for name in content if name in {"spec"}}, ())


def _named(content: Json, model: type[Resource]) -> Iterator[Problem]:
    metadata = content.get("metadata")
    if not isinstance(metadata, dict) or not isinstance(metadata.get("name", metadata.get("generateName")), str):
        yield Problem(("metadata", "name"), "it is missing", "give the object a name")
    elif model.crd.scope == "Cluster" and metadata.get("namespace"):
        yield Problem(("metadata", "namespace"), f"a {model.crd.kind} is in no namespace", "leave it out")
    for name in content.keys() - {"apiVersion", "kind", "metadata", "spec", "status"}:
        yield Problem((name,), "there is no such field", structure.unknown(str(name), ["metadata", "spec"]))


def _schema(model: type[Resource]) -> Json:
    """The schema of what people write: the spec."""
    whole = schemas.of_resource(model)
    spec = {name: node for name, node in whole["properties"].items() if name == "spec"}
    return {**whole, "properties": spec, "required": ["spec"], "x-kubernetes-validations": []}
