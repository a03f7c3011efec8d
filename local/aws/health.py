"""Health checks, of containers by a command and of targets by HTTP: state changes after so many results in a row."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from threading import Event, Thread

UNKNOWN, HEALTHY, UNHEALTHY = "UNKNOWN", "HEALTHY", "UNHEALTHY"


@dataclass
class Check:
    """Checks in a thread of its own, from `begin()` to `end()`.

    The first check comes at once, and until one has passed they come every `eager` seconds, as one pass is enough then
    (both on AWS wait for an interval). Failures count at the interval alone, and not in the first `grace` seconds.
    """

    passes: Callable[[], bool]
    changed: Callable[[str], None]
    interval: float
    failures: int  # in a row that make it UNHEALTHY
    successes: int = 1  # in a row that make it HEALTHY again
    grace: float = 0
    eager: float = 1
    state: str = UNKNOWN
    _ended: Event = field(default_factory=Event)

    def begin(self) -> None:
        Thread(target=self._run, daemon=True, name="health").start()

    def end(self) -> None:
        self._ended.set()

    def _run(self) -> None:
        counted = time.monotonic() + self.grace  # the last time that a failure counted
        passed = failed = 0
        while not self._ended.is_set():
            if self.passes():
                passed, failed, counted = passed + 1, 0, time.monotonic()
            elif time.monotonic() >= counted + self.interval:
                passed, failed, counted = 0, failed + 1, time.monotonic()
            if failed >= self.failures:
                self._become(UNHEALTHY)
            elif passed >= (1 if self.state == UNKNOWN else self.successes):
                self._become(HEALTHY)
            self._ended.wait(self.eager if self.state == UNKNOWN else self.interval)

    def _become(self, state: str) -> None:
        if state != self.state and not self._ended.is_set():
            self.state = state
            self.changed(state)


def answers(port: int, path: str, codes: str, seconds: float) -> bool:
    """Tell whether GET of this path is answered in time by one of these codes ("200", "200,202" or "200-299")."""
    connection = HTTPConnection("127.0.0.1", port, timeout=seconds)
    try:
        connection.request("GET", path, headers={"User-Agent": "ELB-HealthChecker/2.0"})
        response = connection.getresponse()
        response.read()
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
    ranges = [part.partition("-") for part in codes.split(",")]
    return any(int(first) <= response.status <= int(last or first) for first, _, last in ranges)
