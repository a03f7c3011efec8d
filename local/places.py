"""Where the platform keeps its things: all of it under .local/, nothing of it in git."""

from __future__ import annotations

from local.debian import LOCAL

PROJECT = LOCAL.parent
EMULATOR = LOCAL / "emulator"  # the emulator's virtual environment
BUILD = LOCAL / "build"  # what SAM builds for it, as samconfig.toml says
PLATFORM = LOCAL / "platform"  # what `make down PURGE=1` deletes
STATE = PLATFORM / "state"  # what the emulator knows
BUCKETS = PLATFORM / "buckets"  # what is in its buckets
DATABASES = PLATFORM / "databases"  # a folder for each database instance
SNAPSHOTS = PLATFORM / "snapshots"  # their dumps
IMAGES = PLATFORM / "images.json"  # which program stands for which container image
LOCK = PLATFORM / "emulator.lock"  # held by the emulator as long as it runs
TEMPORARY = PLATFORM / "tmp"  # what no restart needs
CA = PLATFORM / "ca.pem"  # who signed the certificates here

# In the environment of the emulator and of all that it starts: by this are those found that outlive a killed one.
MARK = "HYDRA_PLATFORM"
