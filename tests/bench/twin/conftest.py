"""One table of all figures, printed at the end."""

import sys
from collections.abc import Iterator

import pytest

from tests.bench.twin.measuring import Table


@pytest.fixture(scope="session")
def table() -> Iterator[Table]:
    found = Table()
    yield found
    sys.stdout.write(f"\n\n{found}\n")
