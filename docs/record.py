"""Run command lines and keep what a terminal shows of them: `python docs/record.py commands.svg 'make diff' ...`.

docs/commands.svg comes from it, on the platform of `make up`. A line that ends with " # N" keeps the last N lines.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from rich.console import Console
from rich.text import Text

WIDTH = 132


def main(name: str, *lines: str) -> None:
    with open("/dev/null", "w") as nowhere:
        console = Console(record=True, width=WIDTH, file=nowhere, force_terminal=True)
        for given in lines:
            line, _, count = given.partition(" # ")
            console.print(Text(f"$ {line}", style="bold"))
            done = subprocess.run(line, shell=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            shown = done.stdout.splitlines()
            if count and len(shown) > int(count):
                shown = ["...", *shown[-int(count) :]]
            console.print(Text("\n".join(shown)))
            console.print()
        console.save_svg(str(Path(__file__).parent / name), title="Hydra on CloudFormation")


if __name__ == "__main__":
    main(*sys.argv[1:])
