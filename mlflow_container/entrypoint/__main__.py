"""The three commands. They end with 0, or with one line on standard error and the code of what stopped them."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Sequence

from .environment import Database, Server
from .errors import EntrypointError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return its exit code."""
    asked = _parser().parse_args(arguments)
    # A container's first process gets no signal that it has no handler for, and would be killed at the end of its time.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        return _run(asked)
    except EntrypointError as error:
        print(f"entrypoint {asked.command}: {error}", file=sys.stderr, flush=True)
        return error.code
    except KeyboardInterrupt:
        return 128 + signal.SIGINT


def _run(asked: argparse.Namespace) -> int:
    # MLflow takes seconds to import: a command imports what it needs, when its settings have been found good.
    if asked.command == "health":
        from . import health

        return health.check(Server.read(os.environ, secrets=False))
    database = Database.read(os.environ)
    if asked.command == "server":
        settings = Server.read(os.environ)
        from . import server

        return server.run(settings, database)
    from .migrate import migrate

    migrate(database, asked.snapshot)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="entrypoint", description="MLflow's container")
    commands = parser.add_subparsers(dest="command", required=True)
    migrate = commands.add_parser("migrate", help="make the database's schema, or check it")
    migrate.add_argument("--snapshot", metavar="NAME", help="upgrade a schema with data, of which this is a snapshot")
    commands.add_parser("server", help="serve the page and the API")
    commands.add_parser("health", help="tell whether the server answers the API")
    return parser


if __name__ == "__main__":
    sys.exit(main())
