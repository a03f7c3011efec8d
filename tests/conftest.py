"""What holds for every test."""

from __future__ import annotations

import os

import pytest

pytest_plugins = ["tests.browser", "tests.images", "tests.servers"]


def skipped_in_ci(config: pytest.Config) -> int:
    """Return how many tests were skipped, where CI is set: there, a test that does not run has not passed."""
    terminal = config.pluginmanager.get_plugin("terminalreporter")  # the workers of xdist have none
    return len(terminal.stats.get("skipped", [])) if terminal and os.environ.get("CI") else 0


def pytest_sessionfinish(session: pytest.Session) -> None:
    if skipped_in_ci(session.config) and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if count := skipped_in_ci(config):
        terminalreporter.write_line(f"CI is set: {count} skipped count as failed", red=True)
