"""What a person sees of something that takes minutes: a line for each change, and one now and then in between."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from threading import Event
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from commands.program import Program

EVERY = 3.0  # seconds between two looks
SILENCE = 30.0  # seconds without a line, after which what is being waited for is said again

T = TypeVar("T")


class Progress:
    """Lines with the time since this was made.

    From then on Ctrl-C is heard at the next pause: raised in the middle of a call to AWS, it may be lost in its native
    code, which then waits for ever. A second one is raised at once.
    """

    def __init__(self) -> None:
        self._began = self._spoke = time.monotonic()
        self._interrupted = Event()
        signal.signal(signal.SIGINT, self._hear)

    def say(self, text: str) -> None:
        self._spoke = time.monotonic()
        minutes, seconds = divmod(int(self._spoke - self._began), 60)
        print(f"{minutes:3}:{seconds:02}  {text}", flush=True)

    def still(self, text: str) -> None:
        """Say it where nothing was said for a while."""
        if time.monotonic() - self._spoke >= SILENCE:
            self.say(text)

    def pause(self, program: Program | None = None) -> None:
        """Wait between two looks, at most until a running program ends. Raises KeyboardInterrupt."""
        until = time.monotonic() + EVERY
        watched = program if program and program.running else None
        while not self._interrupted.wait(0.1):
            if time.monotonic() > until or (watched and not watched.running):
                return
        raise KeyboardInterrupt

    def until(self, look: Callable[[], T | None], text: str) -> T:
        """Look again and again until there is an answer, and return it."""
        self.say(text)
        while (answer := look()) is None:
            self.still(text)
            self.pause()
        return answer

    def _hear(self, *_: object) -> None:
        if self._interrupted.is_set():
            raise KeyboardInterrupt
        self._interrupted.set()
