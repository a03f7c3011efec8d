"""Serve AWS on 127.0.0.1: `python -m local.aws PORT`, until it is told to end (SIGTERM, SIGINT)."""

from __future__ import annotations

import asyncio
import fcntl
import os
import shutil
import signal
import sys
import traceback
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

from local import leftovers
from local.aws import persistence
from local.certificates import authority
from local.places import BUCKETS, CA, IMAGES, LOCK, MARK, PLATFORM, STATE, TEMPORARY

# In this order at the start, in the other one at the end.
EXTENSIONS = (
    "persistence",
    "logs",
    "nested_rows",
    "nested_stacks",
    "change_sets",
    "deletions",
    "security_groups",
    "secrets",
    "databases",
    "functions",
    "repositories",
    "services",
    "batch_jobs",
)

SETTINGS = {
    "BIND_HOST": "127.0.0.1",
    "MINISTACK_HOST": "127.0.0.1",
    "PERSIST_STATE": "1",
    "STATE_DIR": str(STATE),
    "S3_PERSIST": "1",
    "S3_DATA_DIR": str(BUCKETS),
    "IOT_MTLS_ENABLED": "0",  # two listeners of services that nothing here uses
    "SFTP_ENABLED": "0",
    "LOG_LEVEL": "WARNING",
    "DATABASE_CA_FILE": str(CA),  # for functions, which inherit all of this
    MARK: str(PLATFORM),
    "TMPDIR": str(TEMPORARY),
}


def main(port: int) -> None:
    os.environ.setdefault("CONTAINER_IMAGES", str(IMAGES))
    os.environ.update(SETTINGS, GATEWAY_PORT=str(port), AWS_ENDPOINT_URL=f"http://127.0.0.1:{port}")
    STATE.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = LOCK.open("w")
    fcntl.flock(lock, fcntl.LOCK_EX)  # to the end of the process: two emulators would write over each other's state
    leftovers.end(leftovers.find())
    shutil.rmtree(TEMPORARY, ignore_errors=True)  # unpacked functions of the last time
    TEMPORARY.mkdir()
    authority()
    names = [f"local.aws.{name}" for name in EXTENSIONS]
    extensions = [import_module(name) for name in names if find_spec(name)]
    for extension in extensions:
        extension.install()
    failed = 1
    try:
        # Not asyncio.run: it waits minutes for threads that wait for a deployment, whose end never comes.
        asyncio.new_event_loop().run_until_complete(_serve(port, extensions))
        failed = 0
    except Exception:
        traceback.print_exc()
    for extension in reversed(extensions):
        getattr(extension, "stop", lambda: None)()
    os._exit(failed)  # as those threads would go on waiting


async def _serve(port: int, extensions: list[ModuleType]) -> None:
    from hypercorn.asyncio import serve
    from hypercorn.config import Config
    from ministack import app

    restored = app._load_persisted_state

    def restore() -> None:
        restored()
        for extension in extensions:
            getattr(extension, "resume", lambda: None)()

    app._load_persisted_state = restore
    config = Config()
    config.bind = [f"127.0.0.1:{port}"]
    config.keep_alive_timeout = 75
    config.loglevel = "WARNING"
    config.graceful_timeout = 1
    config.startup_timeout = 600  # databases may have much to recover
    keeping = asyncio.create_task(persistence.keep())
    told = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    await serve(app.app, config, shutdown_trigger=told.wait)
    keeping.cancel()


if __name__ == "__main__":
    main(int(sys.argv[1]))
