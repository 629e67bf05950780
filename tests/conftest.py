"""The tiers of the suite: which there are, which ran, and that none is left out where it could run.

They run in this order. What clusters are made of is built while the first one runs.

unit: no cluster. api: a real API server, no root. node: real nodes, root on Linux.
kind: nodes that are containers, an engine that answers.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter

import pytest

from tools.cluster import kind, node_tier

TIERS = ("unit", "api", "node", "kind")
BUILDING = ("nice", "-n", "19", sys.executable, "-m", "tools.cluster", "build")
"""Builds what the cache has not. What fails here is told when a cluster asks for it: it then tries for itself."""


def tier_of(item: pytest.Item) -> str:
    """The tier that a test belongs to."""
    return next((tier for tier in TIERS if item.get_closest_marker(tier)), "unit")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Have the tiers run one after the other."""
    items.sort(key=lambda item: TIERS.index(tier_of(item)))


class Builder:
    """Builds the programs of clusters while the tests run that need none."""

    def __init__(self) -> None:
        self._building: subprocess.Popen[bytes] | None = None

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        if {"unit", "api"} <= set(map(tier_of, session.items)) and not session.config.option.collectonly:
            nowhere = subprocess.DEVNULL
            self._building = subprocess.Popen(BUILDING, stdout=nowhere, stderr=nowhere, start_new_session=True)

    def pytest_unconfigure(self) -> None:
        if self._building and self._building.poll() is None:
            os.killpg(self._building.pid, signal.SIGINT)  # a compiler with it; drafts are removed
            self._building.wait()


class Tiers:
    """Counts the tests that ran to their end, by tier."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._tiers: dict[str, str] = {}
        self._ran: Counter[str] = Counter()

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self._tiers = {item.nodeid: tier_of(item) for item in session.items}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" and not report.skipped:
            self._ran[self._tiers.get(report.nodeid, "unit")] += 1

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        told = [f"{tier} {self._ran[tier]}" for tier in TIERS]
        terminalreporter.write_line(f"tests run by tier: {', '.join(told)}")
        unexcused = "it could have run: this is a failure" if self._whole_suite() else "not selected"
        for tier, reason in self._missing().items():
            terminalreporter.write_line(f"tier {tier} did not run: {reason or unexcused}")

    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        forgotten = [tier for tier, reason in self._missing().items() if not reason]
        if self._whole_suite() and forgotten and exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def _missing(self) -> dict[str, str]:
        """Tiers without a test that ran, each with the reason why this machine cannot run it."""
        reasons = {"unit": None, "api": None, "node": node_tier.unavailable(), "kind": kind.unavailable()}
        return {tier: reason or "" for tier, reason in reasons.items() if not self._ran[tier]}

    def _whole_suite(self) -> bool:
        options = self._config.option
        chosen = self._config.args != self._config.getini("testpaths")
        return not (chosen or options.keyword or options.markexpr != "not bench" or options.collectonly)


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Tiers(config), "tiers")
    config.pluginmanager.register(Builder(), "builder")
