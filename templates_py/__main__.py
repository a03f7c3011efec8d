"""Hydra's systems as nested CloudFormation templates."""

from __future__ import annotations

import argparse
import gc
import sys
from pathlib import Path

from templates_py.settings import ROOT


def main(arguments: list[str] | None = None) -> int:
    """Run a verb. Exit status: 0, 1 where settings or templates are wrong, 2 for wrong usage."""
    args = _parser().parse_args(arguments)
    verb: str = args.verb
    return int(globals()[f"_{verb}"](args))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m templates_py", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    synth = verbs.add_parser("synth", help="write the templates to build/")
    synth.add_argument("--settings", type=Path, default=ROOT / "hydra.toml", help="settings file (default: hydra.toml)")
    synth.add_argument(
        "--system", choices=["batch", "mlflow", "artifacts", "endpoints"], help="one system alone (default: all)"
    )
    synth.add_argument("--format", choices=["json", "yaml"], default="json", help="of the templates (default: json)")
    synth.add_argument("--build", type=Path, default=ROOT / "build", help="where they go (default: build/)")
    lint = verbs.add_parser("lint", help="cfn-lint what changed in build/, and what nests a changed interface")
    lint.add_argument("--build", type=Path, default=ROOT / "build", help="where the templates are (default: build/)")
    graph = verbs.add_parser("graph", help="print the stacks of build/ as a Mermaid graph")
    graph.add_argument("--build", type=Path, default=ROOT / "build", help="where the templates are (default: build/)")
    verbs.add_parser("reference", help="write the pages of docs/ and README that come from the code")
    verbs.add_parser("mutate", help="break the templates wherever that fits, and see that the relations find it")
    verbs.add_parser("schema", help="print the JSON Schema of the settings")
    return parser


def _synth(args: argparse.Namespace) -> int:
    from templates_py.emission import LimitError
    from templates_py.settings.loading import SettingsError, load
    from templates_py.synthesis import synthesize

    try:
        paths = synthesize(load(args.settings), args.build, args.system, args.format)
    except (SettingsError, LimitError) as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        print(f"{error.filename or args.build}: {error.strerror}: expected a folder to write to", file=sys.stderr)
        return 1
    print(f"{args.build}: {len(paths)} templates")
    return 0


def _lint(args: argparse.Namespace) -> int:
    from templates_py.review.lint import lint

    return lint(args.build)


def _graph(args: argparse.Namespace) -> int:
    from templates_py.review.graph import mermaid

    print(mermaid(args.build))
    return 0


def _reference(args: argparse.Namespace) -> int:
    from templates_py.review.lifecycle import page
    from templates_py.review.reference import documents

    for path, text in {**documents(), ROOT / "docs" / "updates.md": page()}.items():
        path.write_text(text)
    return 0


def _mutate(args: argparse.Namespace) -> int:
    from templates_py.review.mutation.report import mutate

    gc.enable()
    return mutate()


def _schema(args: argparse.Namespace) -> int:
    from templates_py.settings.wording import schema

    print(schema())
    return 0


if __name__ == "__main__":
    gc.disable()  # 7 % of a synthesis, for garbage that the process's end takes away
    sys.exit(main())
