"""The operator's process: what it does before it serves."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from forestall.runtime import main


@pytest.fixture
def untouched() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)
    gc.unfreeze()


@pytest.mark.usefixtures("untouched")
def test_cycles_are_looked_for_seldom_and_not_among_what_was_imported() -> None:
    main.collect_seldom()
    assert gc.get_threshold()[0] == main.YOUNG
    assert gc.get_freeze_count() > 10_000
