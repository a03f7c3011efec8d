"""`python -m local up|down|status|logs|open`: the platform on this machine."""

from __future__ import annotations

import argparse
import sys

from botocore.exceptions import BotoCoreError, ClientError

from local import up, view
from local.debian import UnavailableError
from local.emulator import LocalError
from mlflow_container.errors import ImageError


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m local", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    starts = commands.add_parser("up", help="start or update everything")
    starts.add_argument("--port", type=int, default=0, help="of the emulator; 0: that of the last time, or a free one")
    starts.add_argument("--parameters", default="", help="NAME=value, with spaces between them; kept for the next time")
    starts.add_argument("--image", action="store_true", help="run MLflow's image by podman or docker, for this time")
    commands.add_parser("down", help="stop everything").add_argument("--purge", action="store_true", help="delete data")
    commands.add_parser("status", help="stacks, databases, tasks, jobs")
    commands.add_parser("logs", help="what was said").add_argument("--follow", action="store_true")
    commands.add_parser("open", help="open MLflow's page")
    told = parser.parse_args()
    try:
        if told.command == "up":
            up.up(up.parse(told.parameters), told.port, told.image)
        elif told.command == "down":
            up.down(told.purge, input)
        elif told.command == "logs":
            view.logs(told.follow)
        else:
            {"status": view.status, "open": view.open_page}[told.command]()
    except (LocalError, UnavailableError, ImageError) as error:
        print(error, file=sys.stderr)
        return 1
    except (BotoCoreError, ClientError) as error:
        print(f"The emulator does not answer ({error}): `make up` starts it again, and goes on", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0 if told.command in ("status", "logs") else 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
