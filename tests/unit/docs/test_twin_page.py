"""What the guide says that the twin's commands print, they print."""

import re
import shlex
from pathlib import Path

import pytest

from tests.unit.cli.twins.asking import BACKBONE, twin

PAGE = Path(__file__).parents[3] / "docs" / "guide" / "twin-cli.md"
EXAMPLES = re.findall(r"^```\n\$ kubectl forestall twin (.*)\n((?:.*\n)*?)```$", PAGE.read_text(), re.MULTILINE)


@pytest.mark.parametrize(("line", "printed"), EXAMPLES, ids=lambda text: text.split("\n")[0][:40])
def test_examples_print_what_the_page_says(line: str, printed: str, tmp_path: Path) -> None:
    files = {"backbone.json": str(BACKBONE), "after.svg": str(tmp_path / "after.svg")}
    result = twin(*(files.get(word, word) for word in shlex.split(line)))
    said = [row.rstrip().replace(str(BACKBONE), "backbone.json") for row in result.output.splitlines()]
    wanted = [row for row in printed.splitlines() if row and row != "…"]
    assert [row for row in wanted if row not in said] == []


def test_there_are_examples() -> None:
    assert len(EXAMPLES) == 5
