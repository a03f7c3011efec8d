"""Each scanner as a function: a folder of prepared templates -> what it says of them.

Those of FAST run in .venv; the others have environments of their own, since their dependencies exclude each other.
None reaches the network.
"""

from __future__ import annotations

import json
import platform
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from audit.findings import WHOLE, Finding
from audit.policies import policies
from audit.programs import HERE, NODE_MODULES, ScannerError, answer, program, ran
from templates_py.review.relations import findings
from templates_py.review.tree import flatten
from templates_py.settings import ROOT

Scanner = Callable[[Path], Iterator[Finding]]
FLAT = "flat"  # the folder of the flattened templates in that of the prepared ones
OURS = Path(sys.executable).parent
RESOLVED = {"W9002", "W9013"}  # want a parameter where one has been put in
SYSTEMS = {"Linux": "ubuntu", "Darwin": "macos"}  # as the package names them
MACHINES = {"x86_64": "x86_64", "aarch64": "aarch64", "arm64": "aarch64"}
CONTROL = re.compile(r"\[(CT[.\w]+)\]: ([^\\]+)")


def _templates(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("*.json"))


def relations(folder: Path) -> Iterator[Finding]:
    """Our own rules, over what stands beside the prepared templates: the flattened ones as they are."""
    for path in sorted((folder / FLAT).glob("*.json")):
        body = json.loads(path.read_text())
        for rule, text in findings(flatten({"": body}, "")):
            resource = next((word for word in text.split() if word in body["Resources"]), WHOLE)
            yield Finding(path.stem, "relations", rule, resource, text)


def cfn_lint(folder: Path) -> Iterator[Finding]:
    """All levels, and the experimental rules."""
    return _linted("cfn-lint", folder, "--include-checks", "I", "--include-experimental")


def cfn_lint_serverless(folder: Path) -> Iterator[Finding]:
    """Its own rules alone: cfn-lint's are cfn_lint's."""
    linted = _linted("cfn-lint-serverless", folder, "--append-rules", "cfn_lint_serverless.rules")
    return (one for one in linted if one.rule.startswith(("WS", "ES")))


def _linted(tool: str, folder: Path, *options: str) -> Iterator[Finding]:
    command = [str(OURS / "cfn-lint"), *options, "--format", "json", "--", *_templates(folder)]
    for found in answer(tool, command, folder, most=15):  # bits: fatal, errors, warnings, information
        resource = _resource(found["Location"]["Path"] or [])
        yield Finding(Path(found["Filename"]).stem, tool, found["Rule"]["Id"], resource, found["Message"])


def _resource(path: list[Any]) -> str:
    if len(path) < 2 or path[0] == "Metadata":
        return WHOLE
    return str(path[1]) if path[0] == "Resources" else "/".join(map(str, path[:2]))


def cloudformation_validate(folder: Path) -> Iterator[Finding]:
    """What is more than a note: its notes say which properties are create-only."""
    from cloudformation_validate import CompositeEngine

    engine = CompositeEngine()
    for name in _templates(folder):
        for one in engine.validate_template(str(folder / name)).diagnostics:
            if one.severity.name not in ("INFO", "DEBUG") and one.rule_id not in RESOLVED:
                resource = one.entity.logical_id if one.entity else WHOLE
                yield Finding(Path(name).stem, "cloudformation-validate", one.rule_id, resource, one.message)


def checkov(folder: Path) -> Iterator[Finding]:
    """All its checks of CloudFormation."""
    options = ["--skip-download", "--framework", "cloudformation", "--compact", "--quiet", "--output", "json"]
    said = answer("checkov", [program("checkov", "checkov"), "--directory", ".", *options], folder)
    for found in said["results"]["failed_checks"]:
        resource = found["resource"].rpartition(".")[2]
        yield Finding(Path(found["file_path"]).stem, "checkov", found["check_id"], resource, found["check_name"])


def cdk_nag(folder: Path) -> Iterator[Finding]:
    """Its six packs. A rule is one rule in however many packs, and whatever number a pack gives it."""
    said = answer(
        "cdk-nag",
        [program("scanners", "node"), str(HERE / "cdk_nag.mjs"), str(NODE_MODULES), *_templates(folder)],
        folder,
    )
    for template, rule, resource, text in said:
        yield Finding(template, "cdk-nag", rule, resource, text)


def cfn_guard(folder: Path) -> Iterator[Finding]:
    """AWS Control Tower's rules, which come with the program."""
    package = NODE_MODULES / "@cdklabs" / "cdk-validator-cfnguard"
    guard = package / "bin" / SYSTEMS[platform.system()] / MACHINES[platform.machine()] / "cfn-guard"
    rules = package / "rules" / "control-tower" / "cfn-guard"
    options = ["--structured", "--output-format", "json", "--show-summary", "none"]
    data = [word for name in _templates(folder) for word in ("--data", name)]
    command = [str(guard), "validate", "--rules", str(rules), *data, *options]
    for judged in answer("cfn-guard", command, folder, most=19):  # 19: some rule does not hold
        for rule in (one["Rule"] for one in judged["not_compliant"]):
            said = CONTROL.search(json.dumps(rule))
            control, text = said.groups() if said else (rule["name"], "")
            for resource in sorted(set(_guarded(rule))):
                yield Finding(Path(judged["name"]).stem, "cfn-guard", control, resource, text)


def _guarded(node: Any) -> Iterator[str]:
    """The resources that a rule's failed clauses are about: not those that they are compared with."""
    if isinstance(node, dict):
        where = node.get("path")
        if isinstance(where, str) and where.startswith("/Resources/"):
            yield where.split("/")[2]
    below = [item for key, item in node.items() if key != "to"] if isinstance(node, dict) else node
    for item in below if isinstance(below, list) else []:
        yield from _guarded(item)


def cfripper(folder: Path) -> Iterator[Finding]:
    """All its rules, with functions resolved. It writes what it finds to files."""
    with TemporaryDirectory() as out:
        options = ["--resolve", "--format", "json", "--output-folder", out, "--logging", "ERROR"]
        ran("cfripper", [program("scanners", "cfripper"), *_templates(folder), *options], folder, most=2)
        for path in sorted(Path(out).glob("*.json")):
            said = json.loads(path.read_text())
            if said["exceptions"]:
                raise ScannerError(f"cfripper did not judge {path.name}: {said['exceptions'][0]}")
            for found in said["failures"]:
                for resource in found["resource_ids"]:
                    yield Finding(path.name.partition(".")[0], "cfripper", found["rule"], resource, found["reason"])


def parliament(folder: Path) -> Iterator[Finding]:
    """Each policy of each role, with its community auditors."""
    return _of_policies("parliament", folder)


def cloudsplaining(folder: Path) -> Iterator[Finding]:
    """Each policy of each role: what it may change, hand on or give away."""
    return _of_policies("cloudsplaining", folder)


def _of_policies(tool: str, folder: Path) -> Iterator[Finding]:
    bodies = {name: json.loads((folder / name).read_text()) for name in _templates(folder)}
    given = [[Path(name).stem, *one] for name, body in bodies.items() for one in policies(body)]
    command = [program("scanners", "python"), str(HERE / "judge_policies.py"), tool]
    for template, rule, resource, text in answer(tool, command, folder, json.dumps(given)):
        yield Finding(template, tool, rule, resource, text)


def bandit(_: Path) -> Iterator[Finding]:
    """The code that is deployed or that deploys, of medium severity and confidence and up; it is about no template."""
    code = ["functions/db_init", "local", "mlflow_container", "commands"]
    command = [sys.executable, "-m", "bandit", "--recursive", "-ll", "-ii", "--quiet", "--format", "json", *code]
    for found in answer("bandit", command, ROOT)["results"]:
        yield Finding("", "bandit", found["test_id"], found["filename"], found["issue_text"])


FAST: dict[str, Scanner] = {
    "relations": relations,
    "cfn-lint": cfn_lint,
    "cfn-lint-serverless": cfn_lint_serverless,
    "cloudformation-validate": cloudformation_validate,
    "bandit": bandit,
}
SLOW: dict[str, Scanner] = {
    "checkov": checkov,
    "cdk-nag": cdk_nag,
    "cfn-guard": cfn_guard,
    "cfripper": cfripper,
    "parliament": parliament,
    "cloudsplaining": cloudsplaining,
}
