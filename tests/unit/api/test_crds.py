"""Specification of the CustomResourceDefinitions: what every schema keeps to, and that the files are up to date."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from forestall.api import crds

Json = dict[str, Any]

CHECKOUT = Path(__file__).parents[3]
DEFINITIONS = {model.crd.kind: crds.definition(model) for model in crds.MODELS}
SCALARS = {"string", "integer", "boolean"}
every_kind = pytest.mark.parametrize("kind", DEFINITIONS)


def version(kind: str) -> Json:
    (only,) = DEFINITIONS[kind]["spec"]["versions"]
    assert isinstance(only, dict)
    return only


def nodes(path: str, node: Json) -> Iterator[tuple[str, Json]]:
    """Every node of a schema by its path."""
    yield path, node
    for name, child in node.get("properties", {}).items():
        yield from nodes(f"{path}.{name}", child)
    for key in ("items", "additionalProperties"):
        if key in node:
            yield from nodes(f"{path}[]", node[key])


def schema(kind: str) -> dict[str, Json]:
    return dict(nodes("", version(kind)["schema"]["openAPIV3Schema"]))


def bounded(node: Json) -> bool:
    """Whether the size of what a node holds has a limit that the API server can see."""
    return {
        "string": "maxLength" in node or "enum" in node,
        "array": "maxItems" in node,
        "object": "additionalProperties" not in node or "maxProperties" in node,
    }.get(node["type"], True)


@every_kind
def test_every_text_list_and_map_has_a_maximum(kind: str) -> None:
    assert [path for path, node in schema(kind).items() if not bounded(node)] == []


@every_kind
def test_every_field_says_what_it_means(kind: str) -> None:
    fields = [(path, node) for path, node in schema(kind).items() if not path.endswith("[]")]
    assert [path for path, node in fields if len(node.get("description", "")) < 3] == []


@every_kind
def test_no_field_is_called_what_yaml_reads_as_a_truth_value(kind: str) -> None:
    names = {path.rpartition(".")[2].lower() for path in schema(kind)}
    assert not names & {"y", "n", "yes", "no", "on", "off", "true", "false"}


@every_kind
def test_selectable_fields_are_at_most_eight_scalars(kind: str) -> None:
    selectable = [field["jsonPath"] for field in version(kind).get("selectableFields", [])]
    assert len(selectable) <= 8
    assert {schema(kind)[path]["type"] for path in selectable} <= SCALARS


@every_kind
def test_columns_show_fields_that_exist(kind: str) -> None:
    shown = [column["jsonPath"].partition("[?")[0] for column in version(kind)["additionalPrinterColumns"]]
    assert [path for path in shown if path not in schema(kind) and path != ".metadata.creationTimestamp"] == []


@every_kind
def test_every_rule_has_a_message(kind: str) -> None:
    rules = [rule for node in schema(kind).values() for rule in node.get("x-kubernetes-validations", [])]
    assert [rule for rule in rules if len(rule["message"]) < 10] == []


@every_kind
def test_the_keys_of_a_list_map_are_required_in_its_items(kind: str) -> None:
    maps = [node for node in schema(kind).values() if node.get("x-kubernetes-list-type") == "map"]
    assert maps
    for node in maps:
        assert set(node["x-kubernetes-list-map-keys"]) <= set(node["items"]["required"])


@every_kind
def test_no_status_is_required_or_filled_in(kind: str) -> None:
    whole = schema(kind)
    assert whole[""]["required"] == ["spec"]
    assert [path for path, node in whole.items() if path.startswith(".status") and "default" in node] == []


@every_kind
def test_a_kind_is_of_the_category_and_writes_its_status_apart(kind: str) -> None:
    assert DEFINITIONS[kind]["spec"]["names"]["categories"] == ["forestall"]
    assert version(kind)["subresources"] == {"status": {}}


def test_no_two_kinds_share_a_name() -> None:
    names = [definition["spec"]["names"] for definition in DEFINITIONS.values()]
    known = [name for one in names for name in (one["plural"], one["singular"], *one.get("shortNames", []))]
    assert len(known) == len(set(known))


def test_all_together_are_smaller_than_one_mebibyte() -> None:
    manifests = [text for path, text in crds.files().items() if path.startswith("crds/")]
    assert len(manifests) == len(DEFINITIONS)
    assert sum(len(text.encode()) for text in manifests) < 2**20


def test_the_files_say_what_the_models_say() -> None:
    written = {manifest["spec"]["names"]["kind"]: manifest for manifest in map(yaml.safe_load, manifests())}
    assert written == DEFINITIONS


def manifests() -> list[str]:
    return [text for path, text in crds.files().items() if path.startswith("crds/")]


def test_two_interpreters_make_the_same_files(tmp_path: Path) -> None:
    code = "import sys, pathlib; from forestall.api import crds; crds.write(pathlib.Path(sys.argv[1]))"
    # Two orders of everything that is hashed.
    for seed in ("1", "2"):
        folder = str(tmp_path / seed)
        subprocess.run((sys.executable, "-c", code, folder), env={"PYTHONHASHSEED": seed}, check=True)
    assert texts(tmp_path / "1") == texts(tmp_path / "2") == crds.files()


def texts(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


def test_the_checkout_is_up_to_date() -> None:
    assert crds.stale(CHECKOUT) == []


@pytest.fixture
def written(tmp_path: Path) -> Path:
    assert crds.main([], tmp_path) == 0
    return tmp_path


def test_a_check_of_what_was_just_written_passes_in_silence(written: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert crds.main(["--check"], written) == 0
    assert capsys.readouterr().err == ""


def edit(path: Path) -> None:
    path.write_text(path.read_text() + "\n")


@pytest.mark.parametrize(
    "path",
    ["crds/forestall.dev_findings.yaml", "charts/forestall/crds/forestall.dev_runbooks.yaml", "docs/reference/api.md"],
)
@pytest.mark.parametrize("damage", [edit, Path.unlink], ids=["edited", "removed"])
def test_a_check_names_a_stale_file_and_the_remedy_and_mends_nothing(
    written: Path, capsys: pytest.CaptureFixture[str], path: str, damage: Any
) -> None:
    damage(written / path)
    assert crds.main(["--check"], written) == 1
    assert capsys.readouterr().err == f"not as the models would have it: {path}; run `make crds`\n"
    assert crds.stale(written) == [path]


def test_a_file_of_a_kind_that_is_no_more_is_named_and_then_removed(written: Path) -> None:
    edit(written / "crds/forestall.dev_findings.yaml")
    (written / "crds/forestall.dev_wishes.yaml").touch()
    (written / "crds/of-somebody-else.yaml").touch()
    assert crds.stale(written) == ["crds/forestall.dev_findings.yaml", "crds/forestall.dev_wishes.yaml"]
    crds.write(written)
    assert crds.stale(written) == []
    assert (written / "crds/of-somebody-else.yaml").exists()
