"""cfn-lint over build/: its rules loaded once, and only over what changed since it was last found clean."""

from __future__ import annotations

import hashlib
import json
import os.path
import sys
from pathlib import Path
from typing import Any

REGIONS = ["us-east-1", "us-east-2", "us-west-2", "eu-west-1", "eu-central-1", "ap-southeast-2"]
# Every nested stack's TemplateURL is a local path until `sam build` and `sam deploy` have packaged it.
IGNORED = ["W3002"]


def lint(build: Path) -> int:
    """Lint what changed, and what nests a template whose parameters or outputs changed; print what is found.

    Templates that are clean are noted in build/.linted. Exit status: 0 where all are clean, else 1.
    """
    paths = sorted(build.rglob("*.json")) + sorted(build.rglob("*.yaml"))
    if not paths:
        print(f"{build}: no templates: expected what `synth` writes", file=sys.stderr)
        return 1
    notes = build / ".linted"
    clean = set(notes.read_text().split()) if notes.exists() else set()
    digests = _digests(paths)
    changed = [path for path in paths if digests[path] not in clean]
    print(f"cfn-lint: {len(changed)} of {len(paths)} templates changed", flush=True)
    faulty = _report(changed) if changed else set()
    notes.write_text("\n".join(digests[path] for path in paths if path not in faulty))
    return 1 if faulty else 0


def _digests(paths: list[Path]) -> dict[Path, str]:
    """What a template's findings depend on: itself, the interfaces of what it nests, and these rules."""
    contents = {path: path.read_bytes() for path in paths}
    bodies = {os.path.normpath(path): _load(path, content) for path, content in contents.items()}
    interfaces = {path: [body.get("Parameters"), sorted(body.get("Outputs", {}))] for path, body in bodies.items()}
    digests = {}
    for path, content in contents.items():
        nested = [os.path.normpath(path.parent / url) for url in _urls(bodies[os.path.normpath(path)])]
        below = json.dumps([[url, interfaces.get(url)] for url in nested])
        digests[path] = hashlib.sha256(b"\0".join([content, below.encode(), _rules()])).hexdigest()
    return digests


def _load(path: Path, content: bytes) -> dict[str, Any]:
    if path.suffix == ".json":
        return dict(json.loads(content))
    import yaml

    return dict(yaml.safe_load(content))


def _urls(body: dict[str, Any]) -> list[str]:
    stacks = (made for made in body["Resources"].values() if made["Type"] == "AWS::CloudFormation::Stack")
    return [stack["Properties"]["TemplateURL"] for stack in stacks]


def _rules() -> bytes:
    from importlib.metadata import version

    return " ".join([version("cfn-lint"), *REGIONS, *IGNORED]).encode()


def _report(paths: list[Path]) -> set[Path]:
    """Run cfn-lint, print its findings one a line, and return the templates that have any."""
    from cfnlint.config import ConfigMixIn
    from cfnlint.runner import Runner

    config = ConfigMixIn(regions=REGIONS, ignore_checks=IGNORED, templates=[str(path) for path in paths])
    faulty = set()
    for match in Runner(config).run():
        print(f"{match.filename}:{match.linenumber}: {match.rule.id} {match.message}")
        faulty.add(Path(str(match.filename)))
    return faulty
