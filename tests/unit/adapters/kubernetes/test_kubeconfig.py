"""Of several kubeconfig files, the first that says something decides, as for kubectl."""

from pathlib import Path

import pytest
import yaml

from forestall.adapters.kubernetes.kubeconfig import InvalidKubeconfigError, current_context, namespace, read


def written(path: Path, content: object) -> str:
    path.write_text(yaml.safe_dump(content))
    return str(path)


def context(name: str, of: str) -> dict[str, object]:
    return {"name": name, "context": {"cluster": "c", "namespace": of}}


def test_the_first_file_that_names_a_context_decides(tmp_path: Path) -> None:
    none = written(tmp_path / "none", {"contexts": [context("two", "earlier")]})
    first = written(tmp_path / "first", {"current-context": "two", "contexts": [context("two", "later")]})
    last = written(tmp_path / "last", {"current-context": "three", "contexts": [context("three", "last")]})
    contents = read(f"{none}:{first}:{tmp_path / 'absent'}:{last}")
    assert current_context(contents) == "two"
    assert namespace(contents) == "earlier"


def test_no_file_names_nothing(tmp_path: Path) -> None:
    assert current_context(read(str(tmp_path / "absent"))) == ""
    assert namespace([]) == ""


@pytest.mark.parametrize("content", ["text", ["a list"], "{unclosed"])
def test_what_is_no_kubeconfig_is_named(tmp_path: Path, content: object) -> None:
    path = tmp_path / "odd"
    path.write_text(content if isinstance(content, str) else yaml.safe_dump(content))
    with pytest.raises(InvalidKubeconfigError, match="odd"):
        read(str(path))
