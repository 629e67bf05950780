"""The namespace is the current context's own."""

from pathlib import Path

import pytest
import yaml

from forestall.cli.failures import Failure
from forestall.cli.kubeconfig import namespace_of


def written(path: Path, current: str | None, **namespaces: str | None) -> str:
    contexts = [
        {"name": name, "context": {"cluster": "c", **({"namespace": namespace} if namespace else {})}}
        for name, namespace in namespaces.items()
    ]
    path.write_text(yaml.safe_dump({"contexts": contexts, **({"current-context": current} if current else {})}))
    return str(path)


def test_the_current_contexts_namespace_is_taken(tmp_path: Path) -> None:
    assert namespace_of(written(tmp_path / "a", "two", one="first", two="second"), None) == "second"


def test_the_context_that_was_asked_for_comes_before_the_current_one(tmp_path: Path) -> None:
    assert namespace_of(written(tmp_path / "a", "two", one="first", two="second"), "one") == "first"


def test_a_context_without_namespace_means_default(tmp_path: Path) -> None:
    assert namespace_of(written(tmp_path / "a", "one", one=None), None) == "default"
    assert namespace_of(written(tmp_path / "b", None), None) == "default"


def test_several_files_count_as_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = written(tmp_path / "a", None, one="first")
    second = written(tmp_path / "b", "one", two="second")
    monkeypatch.setenv("KUBECONFIG", f"{first}:{tmp_path / 'absent'}:{second}")
    assert namespace_of(None, None) == "first"


def test_a_file_that_was_asked_for_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(Failure, match="there is no kubeconfig"):
        namespace_of(str(tmp_path / "absent"), None)


@pytest.mark.parametrize("content", ["a: [", "[]", "\x00", "text"])
def test_what_is_no_kubeconfig_is_named(tmp_path: Path, content: str) -> None:
    path = tmp_path / "config"
    path.write_text(content)
    with pytest.raises(Failure, match=str(path)):
        namespace_of(str(path), None)
