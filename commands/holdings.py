"""What a stack holds in all of its tree: data, what is protected, and what would outlive it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from commands.holding import LOAD_BALANCER, Holding, Names
from commands.stack import NESTED
from templates_py.review.data import HOLDS_DATA

if TYPE_CHECKING:
    from commands.stack import Row, Stack

SHOWN = {*HOLDS_DATA, LOAD_BALANCER} - {"AWS::Logs::LogGroup"}  # of all logs together one line is said
POLICY = "AWS::S3::BucketPolicy"  # stays with its bucket, and goes with it


def holdings(root: Stack) -> list[Holding]:
    """Return what holds data, what stays, and what may be protected, with all that CloudFormation says of it."""
    found: list[Holding] = []
    asked = {"": Names()}
    for above, stack, resources in root.stacks():
        template = stack.template
        if not above:
            asked[""] = {name: name for name in template.get("Parameters", {})}
        here: list[Holding] = []
        for title, row in resources.items():
            path, declared = f"{above}{title}", template["Resources"].get(title, {})
            if row["ResourceType"] == NESTED:
                asked[f"{path}/"] = _handed_down(declared, asked[above])
            elif row.get("PhysicalResourceId"):
                here.append(Holding(path, row, declared, stack, asked[above], {}))
        shown = [holding for holding in here if holding.kind in SHOWN or (holding.stays and holding.kind != POLICY)]
        given = stack.parameters if shown else {}
        found += [replace(holding, given=given) for holding in shown]
    return [holding for holding in found if holding.kind != LOAD_BALANCER or holding.is_protected]


def _handed_down(nested: Row, asked: Names) -> Names:
    """Return what the root calls those parameters of a nested stack that it only hands down."""
    given = nested.get("Properties", {}).get("Parameters", {})
    refs = {name: value["Ref"] for name, value in given.items() if isinstance(value, dict) and "Ref" in value}
    return {name: asked[ref] for name, ref in refs.items() if ref in asked}
