"""The platform in AWS: looked at, deployed, its image rolled out or back, deleted; and why that failed."""

from __future__ import annotations

import argparse
import re
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from commands import CommandError
from commands.configuration import Configuration
from commands.deploy import deploy
from commands.deployment import RefusedError
from commands.destroy import destroy
from commands.diff import diff
from commands.events import events
from commands.preflight import preflight
from commands.rollback import rollback
from commands.start import start
from commands.update import update
from mlflow_container.errors import ImageError

TAG = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}"


def main(arguments: list[str] | None = None) -> int:
    """Run a verb. Exit status: 0; 1 where it stops, with one line that says why; 2 for wrong usage; 130 interrupted."""
    args = _parser().parse_args(arguments)
    try:
        configuration = Configuration(Path("samconfig.toml"), args.config_env)
        args.run(configuration, **{name: getattr(args, name) for name in args.takes})
    except (CommandError, ImageError, ClientError, BotoCoreError, OSError) as error:
        lines = str(error).splitlines() if isinstance(error, RefusedError) else [" ".join(str(error).split())]
        print(*lines, sep="\n", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Interrupted: what AWS has begun goes on; the same command goes on from there", file=sys.stderr)
        return 130
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m commands", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")

    def verb(run: Callable[..., None], meaning: str, **options: dict[str, Any]) -> None:
        one = verbs.add_parser(run.__name__, help=meaning, description=f"{meaning[0].upper()}{meaning[1:]}.")
        one.add_argument("--config-env", default="default", help="environment of samconfig.toml (default: default)")
        takes = [one.add_argument(f"--{name}", **option).dest for name, option in options.items()]
        one.set_defaults(run=run, takes=takes)

    tag = {"dest": "given", "metavar": "TAG", "type": _tag, "default": "", "help": "an image that is in the repository"}
    allow = {"action": "append", "default": [], "metavar": "ID", "help": "what may be lost that holds data (a path)"}
    verb(deploy, "deploy what was built, and refuse what would take data", allow=allow)
    offline = {"action": "store_true", "help": "against the last deployment from this folder, without AWS"}
    verb(diff, "show what a deployment would change, and change nothing", offline=offline)
    verb(start, "deploy, build and push the image meanwhile, then bring the service up", tag=tag, allow=allow)
    verb(update, "build and push the image, upgrade the schema after a snapshot, and roll it out", tag=tag)
    verb(rollback, "go back to the image of before, where the schema allows", tag=tag)
    loses = {"metavar": "ID", "action": "append", "default": [], "help": "what may lose its protection, by logical ID"}
    confirm = {"metavar": "NAME", "default": "", "help": "the stack's name, instead of typing it"}
    verb(destroy, "delete the stack, and say how to get back what it held", allow=loses, confirm=confirm)
    verb(events, "say what failed first in the stack's last operation, and how to go on")
    verb(preflight, "say what a deployment would fail on, and how to mend it; nothing is changed")
    return parser


def _tag(value: str) -> str:
    if value and not re.fullmatch(TAG, value):
        raise argparse.ArgumentTypeError(f"{value!r}: expected an image tag of up to 128 characters")
    return value


if __name__ == "__main__":
    sys.exit(main())
