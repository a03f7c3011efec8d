"""CloudWatch Logs here: what was logged outlives a killed emulator, and does not weigh on it."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import pytest

from tests.local.checkout import Checkout, until

pytestmark = pytest.mark.slow

STREAM = {"logGroupName": "group", "logStreamName": "stream"}


def put(checkout: Checkout, numbers: range) -> None:
    at = int(time.time() * 1000)
    events = [{"timestamp": at, "message": f"line {number}"} for number in numbers]
    checkout.client("logs").put_log_events(**STREAM, logEvents=events)


def said(checkout: Checkout) -> list[str]:
    logs = checkout.client("logs")
    page, lines = logs.get_log_events(**STREAM, startFromHead=True), []
    while page["events"]:
        lines += [event["message"] for event in page["events"]]
        page = logs.get_log_events(**STREAM, startFromHead=True, nextToken=page["nextForwardToken"])
    return lines


def files(checkout: Checkout) -> list[Path]:
    return list((checkout.state / "logs").iterdir())


def test_a_stream_keeps_its_last_events_over_a_kill() -> None:
    with Checkout() as checkout:
        logs = checkout.client("logs")
        logs.create_log_group(logGroupName="group")
        logs.create_log_stream(**STREAM)
        state = checkout.state / "state/cloudwatch_logs.json"
        put(checkout, range(10))
        until(lambda: state.exists() and ".jsonl" in state.read_text(), "the emulator's state on disk")
        put(checkout, range(10, 9_000))
        put(checkout, range(9_000, 12_000))
        checkout.end(signal.SIGKILL)
        assert "line" not in state.read_text()

        checkout.start()
        assert said(checkout) == [f"line {number}" for number in range(2_000, 12_000)]
        put(checkout, range(12_000, 12_001))
        assert said(checkout)[-1] == "line 12000"
        checkout.end(signal.SIGTERM)
        checkout.start()
        assert said(checkout)[-1] == "line 12000"

        logs.delete_log_stream(**STREAM)
        checkout.end(signal.SIGTERM)
        assert len(files(checkout)) == 1
        checkout.start()
        assert files(checkout) == []


def test_a_line_cut_off_by_a_kill_is_left_out() -> None:
    with Checkout() as checkout:
        logs = checkout.client("logs")
        logs.create_log_group(logGroupName="group")
        logs.create_log_stream(**STREAM)
        put(checkout, range(3))
        checkout.end(signal.SIGTERM)
        (file,) = files(checkout)
        file.write_text(file.read_text()[:-5])
        checkout.start()
        put(checkout, range(3, 4))
        assert said(checkout) == ["line 0", "line 1", "line 3"]
