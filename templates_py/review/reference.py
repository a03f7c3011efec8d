"""The pages that are written from the code: Hydra's inputs and outputs, the parameters, the graph, the schema.

`python -m templates_py reference` writes them; a test fails where they are stale.
"""

from __future__ import annotations

import csv
import json
import re
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec

from templates_py.inputs import camel
from templates_py.review.graph import mermaid
from templates_py.review.hydra import MODULES, NAMES, REASONS, SETTINGS
from templates_py.review.markdown import between, line, table
from templates_py.review.transitions import templates
from templates_py.review.tree import Tree, flatten, load
from templates_py.review.updates import effects
from templates_py.settings import ROOT, Batch, ComputeEnvironment, JobDefinition, JobQueue, Mlflow, Settings
from templates_py.settings.wording import schema
from templates_py.synthesis import synthesize

# A shape in which each parameter and each output of Hydra's exists.
WHOLE = Settings(
    batch=Batch(
        service_role="custom",
        jobs_use_instance_role=False,
        compute_environments=[ComputeEnvironment(name="ml")],
        job_queues=[JobQueue(name="hydra-ml-queue", compute_environment="ml")],
        job_definitions=[JobDefinition(name="train", image="train")],
    )
)
# What a shape of MLflow's asks besides.
BESIDES = {
    'mlflow, with `auth = "oidc"`': Settings(mlflow=Mlflow(auth="oidc")),
    'mlflow, with `artifacts = "proxied"`': Settings(mlflow=Mlflow(artifacts="proxied")),
}
ROOTS = {
    "both systems": "template",
    "batch": "batch/template",
    "mlflow": "mlflow/template",
    "endpoints, for a VPC without NAT": "endpoints/template",
}
UNIT = re.compile(r" \(([^()]+)\)$")
WRITTEN = ["Written from the code by `python -m templates_py reference`."]
HYDRA = [
    "In the combined root a name that both systems have begins with `Batch` or `Mlflow`. Paths are those under build/,",
    "in the default shape. Hydra's wiki asks to create an experiment in the UI before a job tracks under its name:",
    "that is obsolete, a client creates it by name.",
]
COLUMNS = ("ours", "kind", "default", "unit", "change")


def documents() -> dict[Path, str]:
    """Return the pages: path -> content."""
    with TemporaryDirectory() as folder:
        build = Path(folder).resolve()
        synthesize(WHOLE, build)
        readme = ROOT / "README.md"
        return {
            ROOT / "docs" / "hydra.md": _hydra(build),
            ROOT / "docs" / "parameters.md": _parameters(build),
            ROOT / "docs" / "hydra.schema.json": schema() + "\n",
            readme: between(readme.read_text(), "graph", f"```mermaid\n{mermaid(build)}\n```"),
        }


def interface() -> list[dict[str, str]]:
    """Return Hydra's rows: system, module, kind (input or output), name, type."""
    with (ROOT / "docs" / "hydra-interface.csv").open() as file:
        return list(csv.DictReader(file))


def resolve(build: Path, system: str, module: str, kind: str, name: str) -> dict[str, str]:
    """Return what a row of Hydra's is here: ours, kind, default, unit, change. Raises LookupError for none."""
    if kind == "input" and name in SETTINGS:
        key, change = (text.format(system=system) for text in SETTINGS[name])
        return _row(f"`{key}`", "setting", json.dumps(_default(key)), change=change)
    if kind == "input" and name in REASONS:
        return _row(REASONS[name], "another way")
    ours = camel(NAMES.get(name, name))
    for path in MODULES[system, module]:
        section = _body(build, path)["Parameters" if kind == "input" else "Outputs"]
        if made := section.get(ours):
            return _output(path, ours) if kind == "output" else _parameter(build, system, path, ours, made)
    raise LookupError(f"nothing here answers Hydra's {system} {module} {kind} {name}")


def _output(path: str, name: str) -> dict[str, str]:
    return _row(f"`{name}` of {path}", "output")


def _parameter(build: Path, system: str, path: str, name: str, made: dict[str, Any]) -> dict[str, str]:
    root = "artifacts/template" if system == "remote_state" else f"{system}/template"
    asked = _body(build, root)["Parameters"].get(name)
    unit = UNIT.search(made["Description"])
    change = _effects(build, root if asked else path, name)
    default = json.dumps(asked["Default"]) if asked and "Default" in asked else "must be given" if asked else ""
    kind = "parameter" if asked else "parameter, fed by another stack"
    return _row(f"`{name}` of {path}", kind, default, unit[1] if unit else "", "; ".join(change))


def _row(ours: str, kind: str, default: str = "", unit: str = "", change: str = "") -> dict[str, str]:
    return dict(zip(COLUMNS, (ours, kind, default, unit, change), strict=True))


def _default(key: str) -> Any:
    """The default of a setting such as `batch.priority`."""
    node: Any = Settings()
    for step in key.split("."):
        node = getattr(node, step)
    return msgspec.to_builtins(node)


def _effects(build: Path, path: str, name: str) -> list[str]:
    """What a change does in the usual shape; where that has no such parameter, in the one of `build`."""
    usual = _usual(path)
    return effects(usual if name in usual.parameters else _tree(build, path), name)


@cache
def _usual(path: str) -> Tree:
    batch = msgspec.structs.replace(WHOLE.batch, service_role="service-linked")  # custom replaces environments (P04)
    return flatten(templates(msgspec.structs.replace(WHOLE, batch=batch)), path)


@cache
def _tree(build: Path, path: str) -> Tree:
    return flatten(load(build), path)


def _body(build: Path, path: str) -> dict[str, Any]:
    return dict(json.loads((build / f"{path}.json").read_text()))


def _hydra(build: Path) -> str:
    lines = ["# Where Hydra's inputs and outputs went", "", *WRITTEN, *HYDRA]
    heading = ""
    for row in interface():
        if heading != (heading := f"## {row['system']}: {row['module']}"):
            lines += ["", heading, "", *table("Hydra", "", "here", "kind", "default", "unit", "a change")]
        found = resolve(build, row["system"], row["module"], row["kind"], row["name"])
        lines.append(line(f"`{row['name']}`", row["kind"], *found.values()))
    return "\n".join(lines) + "\n"


def _parameters(build: Path) -> str:
    lines = ["# Parameters", "", *WRITTEN, "They stand in the order in which `sam deploy --guided` asks."]
    for title, path in ROOTS.items():
        lines += ["", f"## {title}", "", *table("parameter", "default", "meaning", "a change")]
        lines += [_asked(build, path, name) for name in _body(build, path)["Parameters"]]
    for number, (title, settings) in enumerate(BESIDES.items()):
        shape = build / str(number)
        synthesize(settings, shape, "mlflow")
        lines += ["", f"## {title}", "", "Besides those of mlflow, and in both systems too:", ""]
        lines += table("parameter", "default", "meaning", "a change")
        known, here = (_body(folder, "mlflow/template")["Parameters"] for folder in (build, shape))
        lines += [_asked(shape, "mlflow/template", name) for name in here if name not in known]
    return "\n".join(lines) + "\n"


def _asked(build: Path, path: str, name: str) -> str:
    """The line of a parameter of a root."""
    made = _body(build, path)["Parameters"][name]
    default = f"`{made['Default']}`".replace("``", "") if "Default" in made else "must be given"
    return line(f"`{name}`", default, made["Description"], "; ".join(_effects(build, path, name)))
