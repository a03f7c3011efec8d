"""What a person sees of something that takes minutes: a line for each change, and one now and then in between."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

EVERY = 3.0  # seconds between two looks
SILENCE = 30.0  # seconds without a line, after which what is being waited for is said again

T = TypeVar("T")


class Progress:
    """Lines with the time since this was made."""

    def __init__(self) -> None:
        self._began = self._spoke = time.monotonic()

    def say(self, text: str) -> None:
        self._spoke = time.monotonic()
        minutes, seconds = divmod(int(self._spoke - self._began), 60)
        print(f"{minutes:3}:{seconds:02}  {text}", flush=True)

    def still(self, text: str) -> None:
        """Say it where nothing was said for a while."""
        if time.monotonic() - self._spoke >= SILENCE:
            self.say(text)

    def until(self, look: Callable[[], T | None], text: str) -> T:
        """Look again and again until there is an answer, and return it."""
        self.say(text)
        while (answer := look()) is None:
            self.still(text)
            time.sleep(EVERY)
        return answer
