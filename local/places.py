"""Where the platform keeps its things: all of it under .local/, nothing of it in git."""

from __future__ import annotations

from local.debian import LOCAL

PROJECT = LOCAL.parent
EMULATOR = LOCAL / "emulator"  # the emulator's virtual environment
PLATFORM = LOCAL / "platform"  # what `make down PURGE=1` deletes
