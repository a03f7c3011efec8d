"""`python app.py TEMPLATES OUT`: app.js in Python, which drives a Node.js process of its own through jsii."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

from aws_cdk import (
    App,
    BootstraplessSynthesizer,
    CfnCondition,
    CfnOutput,
    CfnParameter,
    CfnResource,
    CfnRule,
    CfnRuleAssertion,
    Fn,
    ICfnRuleConditionExpression,
    Stack,
    Token,
)


def _expression(node: dict[str, Any]) -> ICfnRuleConditionExpression:
    (name, given), *_ = node.items()
    if name in ("Fn::And", "Fn::Or", "Fn::Not"):
        given = [_expression(each) for each in given]
    else:
        token = Token.as_list if name.startswith("Fn::EachMember") else Token.as_string
        given = [token(each) if isinstance(each, dict) else each for each in given]
    made: ICfnRuleConditionExpression = getattr(Fn, _snake(name.replace("Fn::", "Condition")))(*given)
    return made


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def _fill(stack: Stack, body: dict[str, Any]) -> None:
    options = stack.template_options
    options.template_format_version, options.metadata = body["AWSTemplateFormatVersion"], body.get("Metadata")
    options.transforms = [body["Transform"]] if "Transform" in body else None
    for title, row in body.get("Parameters", {}).items():
        if "AllowedValues" in row:
            row["AllowedValues"] = [str(value) for value in row["AllowedValues"]]  # CDK takes nothing else
        CfnParameter(stack, title, **{_snake(key): value for key, value in row.items()})
    for title, row in body.get("Conditions", {}).items():
        CfnCondition(stack, title, expression=_expression(row))
    for title, row in body.get("Rules", {}).items():
        when = row.get("RuleCondition")
        said = [
            CfnRuleAssertion(assert_=_expression(a["Assert"]), assert_description=a["AssertDescription"])
            for a in row["Assertions"]
        ]
        CfnRule(stack, title, rule_condition=_expression(when) if when else None, assertions=said)
    for title, row in body["Resources"].items():
        resource = CfnResource(stack, title, type=row.pop("Type"), properties=row.pop("Properties"))
        for key, value in row.items():
            resource.add_override(key, value)
    for title, row in body.get("Outputs", {}).items():
        output = CfnOutput(stack, f"Output{title}", value=Token.as_string(row["Value"]), description=row["Description"])
        output.override_logical_id(title)


def main(templates: str, out: str) -> None:
    """Make a stack of each template, and synthesise them."""
    app = App(outdir=out, analytics_reporting=False, tree_metadata=False)
    for path in Path(templates).rglob("*.json"):
        body = json.loads(path.read_text(encoding="utf-8"))
        name = re.sub("[^A-Za-z0-9]", "-", path.relative_to(templates).with_suffix("").as_posix())
        _fill(Stack(app, name, description=body["Description"], synthesizer=BootstraplessSynthesizer()), body)
    app.synth()


if __name__ == "__main__":
    main(*sys.argv[1:])
