"""Which kernels are used."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import cast

import numpy as np
import pytest

from forestall.twin.engine.choice import QUESTIONS, choose, default
from forestall.twin.engine.makes import Kernels, compiled, plain
from forestall.twin.kernels.buffers import Floats, Ints, Memory, Shape
from forestall.twin.kernels.cuts import Cuts
from tests.oracle.searches import MAKES


def off(weight: Floats, anchor: Ints, node_loss: Floats, link_loss: Floats) -> float:
    """A little too much behind one node."""
    node_loss[0] += 1e-9
    return 0.0


def failing(*rows: object) -> float:
    raise TypeError("wrong rows")


def nothing_lost(weight: Floats, anchor: Ints, node_loss: Floats, link_loss: Floats) -> float:
    """What is right where nothing weighs anything, and nowhere else."""
    return 0.0


def with_answer(answer: Callable[..., float] | None) -> Kernels:
    """Kernels that say of themselves that they are compiled, and may answer one question in a way of their own."""

    def cuts(shape: Shape, memory: Memory) -> object:
        found = plain().cuts(shape, memory)
        vars(found).update({"anchored": answer} if answer else {})
        return found

    return replace(plain(), compiled=True, cuts=cast(type[Cuts], cuts))


def test_plain_kernels_are_used_where_none_are_compiled() -> None:
    choice = choose(plain(), None)

    assert not choice.kernels.compiled
    assert not choice.mismatches


@pytest.mark.parametrize("kernels", MAKES.values(), ids=MAKES)
def test_kernels_that_answer_the_same_are_used(kernels: Kernels) -> None:
    assert choose(plain(), kernels).kernels is kernels
    assert not choose(plain(), kernels).mismatches


def test_kernels_that_say_the_same_in_another_way_are_used() -> None:
    assert choose(plain(), with_answer(None)).kernels.compiled


@pytest.mark.parametrize("answer", [off, nothing_lost, failing])
def test_kernels_that_answer_anything_else_are_not_used(answer: Callable[..., float]) -> None:
    choice = choose(plain(), with_answer(answer))

    assert not choice.kernels.compiled
    assert choice.mismatches == ("cuts",)


def test_a_process_compares_once_and_uses_what_agrees() -> None:
    assert default() is default()
    assert default().kernels.compiled == (compiled() is not None)
    assert not default().mismatches


@pytest.mark.parametrize("name", QUESTIONS)
def test_each_question_has_an_answer_that_is_not_trivial(name: str) -> None:
    assert all(np.unique(np.asarray(row)).size > 1 for row in QUESTIONS[name](plain()) if np.size(row) > 2)
