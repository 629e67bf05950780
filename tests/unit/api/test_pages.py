"""A page made of the code is written, or it is told that it is not up to date."""

from __future__ import annotations

from pathlib import Path

import pytest

from forestall.api import pages


def main(path: Path, text: str, *arguments: str) -> int:
    return pages.main("forestall.example", path, text, arguments)


def test_a_page_is_written_as_the_code_would_have_it(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    assert main(page, "zürich\n") == 0
    assert page.read_bytes() == "zürich\n".encode()
    assert main(page, "zürich\n", "--check") == 0


@pytest.mark.parametrize("before", [None, "old\n"])
def test_a_page_that_is_missing_or_old_is_told_and_left_as_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], before: str | None
) -> None:
    page = tmp_path / "page.md"
    if before is not None:
        page.write_text(before)
    assert main(page, "new\n", "--check") == 1
    assert f"{page}; run `make crds`" in capsys.readouterr().err
    assert (page.read_text() if page.exists() else None) == before
