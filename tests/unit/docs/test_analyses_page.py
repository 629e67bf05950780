"""The page of the analyses names every question and every kind of scenario that there is."""

from pathlib import Path
from typing import get_args

import pytest

from forestall.twin import analyses
from forestall.twin.analyses import Kind

PAGE = (Path(__file__).parents[3] / "docs" / "reference" / "twin.md").read_text(encoding="utf-8")
HELPERS = {"edited", "only_network", "partial_from_json", "partial_to_json"}
"""What helps to ask; the code says how."""
QUESTIONS = sorted({name for name in analyses.__all__ if name.islower()} - HELPERS)
CLASSES, _ = map(get_args, get_args(Kind))


@pytest.mark.parametrize("question", QUESTIONS)
def test_every_question_is_on_the_page(question: str) -> None:
    assert f"`{question}(" in PAGE or f"`{question}`" in PAGE


@pytest.mark.parametrize("kind", CLASSES)
def test_every_class_of_elements_is_on_the_page(kind: str) -> None:
    assert f"| `{kind}`" in PAGE
