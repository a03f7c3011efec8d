"""`python -m audit`: judge what build/ has, or one flattened template, by the scanners, the relations, the register."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from audit.flattening import flattened, given, write
from audit.judgement import judge
from audit.page import PAGE, page
from audit.programs import ScannerError
from audit.register import load
from audit.report import report
from audit.scanners import FAST, SLOW
from templates_py.review.tree import load as templates_of
from templates_py.settings import ROOT

OUT = ROOT / ".local" / "audit"


def main(arguments: list[str] | None = None) -> int:
    """Exit status: 0, 1 where something is found that the register does not have, 2 where that cannot be told."""
    parser = argparse.ArgumentParser(prog="python -m audit", description=__doc__)
    parser.add_argument("--build", type=Path, default=ROOT / "build", help="where the templates are (default: build/)")
    parser.add_argument("--flat", type=Path, help="judge this flattened template instead")
    parser.add_argument("--write", action="store_true", help="only write the flattened templates of build/")
    parser.add_argument("--page", action="store_true", help="only write the register's part of docs/security.md")
    args = parser.parse_args(arguments)
    try:
        if args.page:
            PAGE.write_text(page(load()))
            return 0
        return _write(args.build) if args.write else _audit(args.build, args.flat)
    except (ScannerError, OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2


def _write(build: Path) -> int:
    for path in write(flattened(templates_of(build), load().deployments), OUT / "flat"):
        print(path.relative_to(ROOT))
    return 0


def _audit(build: Path, flat: Path | None) -> int:
    began = time.monotonic()

    def say(text: str) -> None:
        print(f"{int(time.monotonic() - began):4} s  {text}", flush=True)

    register = load()
    templates = given(flat) if flat else flattened(templates_of(build), register.deployments)
    scanners = {name: scan for name, scan in {**FAST, **SLOW}.items() if not flat or name != "bandit"}
    say(f"{len(templates)} templates, by {', '.join(scanners)}")
    judged = judge(templates, register, scanners, say)
    return report(judged, register, templates, OUT / "findings.json", whole=not flat)


if __name__ == "__main__":
    sys.exit(main())
