"""`python -m mlflow_container tag|build|push`: the image's tag, the image on this machine, the image in ECR."""

from __future__ import annotations

import argparse
import re
import signal
import sys

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from mlflow_container import image, publish
from mlflow_container.builder import find
from mlflow_container.errors import ImageError

REGION = re.compile(r"\.dkr\.ecr\.([a-z0-9-]+)\.")  # of a repository's URL


def main(arguments: list[str] | None = None) -> int:
    """Run a command; return its exit code: 0, or 1 with one line that says what is wrong."""
    parser = argparse.ArgumentParser(prog="python -m mlflow_container", description=__doc__)
    parser.add_argument("--platform", default=image.PLATFORM, help=f"linux/amd64 or linux/arm64 ({image.PLATFORM})")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("tag", help="print the tag that this checkout's image has")
    commands.add_parser("build", help="build it, where it is not here yet")
    pushing = commands.add_parser("push", help="push it to ECR, where it is not there yet, and build it for that")
    pushing.add_argument("repository", help="the stack's output ContainerRepositoryUrl, or the repository's name")
    given = parser.parse_args(arguments)
    try:
        made = image.current(given.platform)
        if given.command == "tag":
            print(made.tag)
        elif given.command == "build":
            print(publish.build(made, find()))
        else:
            region = REGION.search(given.repository)
            ecr = boto3.client("ecr", region_name=region and region[1])  # else the configured one
            print(publish.push(made, ecr, given.repository))
    except (ImageError, BotoCoreError, ClientError) as error:
        print(f"mlflow_container: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    for told_to_end in (signal.SIGINT, signal.SIGTERM):  # what holds a login is taken away even then
        signal.signal(told_to_end, lambda number, _: sys.exit(128 + number))
    sys.exit(main())
