"""A cluster whose nodes are containers, for the session."""

from collections.abc import Iterator

import pytest

from tools.cluster import session_folder
from tools.cluster.kind import Kind, unavailable


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the tests out, saying why, where no engine answers."""
    wanting = [item for item in items if item.get_closest_marker("kind")]
    reason = unavailable() if wanting else None
    if reason:
        config.hook.pytest_deselected(items=wanting)
        items[:] = [item for item in items if item not in wanting]
        reporter = config.pluginmanager.get_plugin("terminalreporter")
        if reporter is not None:
            reporter.write_line(f"kind tier: {len(wanting)} tests left out: {reason}")


@pytest.fixture(scope="session")
def kind_cluster() -> Iterator[Kind]:
    with Kind(session_folder("kind")).up() as running:
        yield running
