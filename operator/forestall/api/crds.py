"""The CustomResourceDefinitions, made from the models: run `make crds` after every change of a model.

They stand three times in the checkout: for people who apply them (`crds/`), for Helm (`charts/forestall/crds/`)
and for readers (`docs/reference/api.md`). `--check` says whether all are as the models would have them.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import yaml

from forestall.api import reference, schemas
from forestall.api.base import GROUP, VERSION, Column, Crd, Resource
from forestall.api.finding import Finding
from forestall.api.inspectionpolicy import InspectionPolicy
from forestall.api.networktwin import NetworkTwin
from forestall.api.remediationapproval import RemediationApproval
from forestall.api.remediationpause import RemediationPause
from forestall.api.remediationplan import RemediationPlan
from forestall.api.runbook import Runbook

Json = dict[str, Any]

MODELS: tuple[type[Resource], ...] = (
    NetworkTwin,
    InspectionPolicy,
    Finding,
    Runbook,
    RemediationPlan,
    RemediationApproval,
    RemediationPause,
)
"""Every kind, in the order in which a reader meets them."""
FOLDERS = ("crds", "charts/forestall/crds")
PAGE = "docs/reference/api.md"

_CHECKOUT = Path(__file__).parents[3]
_HEADER = "# Made by `make crds` from the models in operator/forestall/api. Change those.\n"


def definition(model: type[Resource]) -> Json:
    """The CustomResourceDefinition of a kind."""
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{model.crd.plural}.{GROUP}"},
        "spec": {
            "group": GROUP,
            "scope": model.crd.scope,
            "names": _names(model.crd),
            "versions": [_version(model)],
        },
    }


def files() -> dict[str, str]:
    """The text of every generated file by its path in the checkout."""
    definitions = {f"{GROUP}_{model.crd.plural}.yaml": definition(model) for model in MODELS}
    texts = {name: _HEADER + _yaml(manifest) for name, manifest in definitions.items()}
    manifests = {f"{folder}/{name}": text for folder in FOLDERS for name, text in texts.items()}
    return {**manifests, PAGE: reference.page(list(definitions.values()))}


def stale(checkout: Path) -> list[str]:
    """Paths of the files in a checkout that are missing, that differ, or that no model has any more."""
    expected = files()
    wrong = [path for path, text in expected.items() if _read(checkout / path) != text]
    return sorted([*wrong, *_surplus(checkout, expected)])


def write(checkout: Path) -> None:
    """Bring the generated files of a checkout up to date."""
    expected = files()
    for path in _surplus(checkout, expected):
        (checkout / path).unlink()
    for path, text in expected.items():
        (checkout / path).parent.mkdir(parents=True, exist_ok=True)
        (checkout / path).write_text(text)


def main(arguments: Sequence[str], checkout: Path) -> int:
    """Write the files, or with `--check` only say which are stale. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m forestall.api.crds", description="Write the CRDs from the models.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a file is not up to date")
    if not parser.parse_args(arguments).check:
        write(checkout)
        return 0
    found = stale(checkout)
    if found:
        sys.stderr.write(f"not as the models would have it: {', '.join(found)}; run `make crds`\n")
    return int(bool(found))


def _names(crd: Crd) -> Json:
    singular = crd.kind.lower()
    # kubectl takes a short name as it stands: people write both `get plan` and `get plans`.
    short = [name for name in (crd.short, f"{crd.short}s") if name not in {singular, crd.plural}]
    return {
        "kind": crd.kind,
        "listKind": f"{crd.kind}List",
        "plural": crd.plural,
        "singular": singular,
        **({"shortNames": short} if short else {}),
        "categories": ["forestall"],
    }


def _version(model: type[Resource]) -> Json:
    selectable = [{"jsonPath": path} for path in model.crd.selectable]
    return {
        "name": VERSION,
        "served": True,
        "storage": True,
        "subresources": {"status": {}},
        "additionalPrinterColumns": [_column(column) for column in model.crd.columns],
        **({"selectableFields": selectable} if selectable else {}),
        "schema": {"openAPIV3Schema": schemas.of_resource(model)},
    }


def _column(column: Column) -> Json:
    wide = {"priority": 1} if column.wide else {}
    return {"name": column.name, "type": column.type, "jsonPath": column.path, **wide}


def _yaml(manifest: Json) -> str:
    # Through JSON, so that no part of it stands twice: YAML would write the second one as a mere reference.
    return yaml.safe_dump(json.loads(json.dumps(manifest)), sort_keys=False, width=120, allow_unicode=True)


def _read(path: Path) -> str | None:
    return path.read_text() if path.exists() else None


def _surplus(checkout: Path, expected: Collection[str]) -> list[str]:
    found = [f"{folder}/{path.name}" for folder in FOLDERS for path in (checkout / folder).glob(f"{GROUP}_*.yaml")]
    return [path for path in found if path not in expected]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], _CHECKOUT))
