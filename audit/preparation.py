"""A flattened template as scanners read it: SAM translated, values of the types that the resource schemas give."""

from __future__ import annotations

import copy
import logging
import re
from functools import cache
from typing import Any

from templates_py.review.scope import Body

SAM = "AWS::Serverless::Function"
REGION = "us-east-1"  # the one that has all types
BOOLEANS = {"true": True, "false": False}


def prepared(template: Body) -> Body:
    """Return a copy of a flattened template without SAM, Fn::Join where Fn::Sub says it, and strings for numbers.

    CloudFormation takes a parameter's text for any type; a scanner compares it with `true` and passes over the rest.
    """
    body: Body = _translated(copy.deepcopy(template))
    for made in body["Resources"].values():
        if schema := _schema(made["Type"]):
            made["Properties"] = _typed(made.get("Properties", {}), schema, schema)
    return {name: _substituted(part) for name, part in body.items() if part}


def _translated(body: Body) -> Body:
    import boto3
    from samtranslator.parser.parser import Parser
    from samtranslator.translator.translator import Translator

    if not any(made["Type"] == SAM for made in body["Resources"].values()):
        return {name: part for name, part in body.items() if name != "Transform"}
    for made in body["Resources"].values():
        if made["Type"] == SAM:  # SAM takes no folder; `sam package` puts an object there
            made["Properties"]["CodeUri"] = {"Bucket": "packages", "Key": "db_init"}
    logging.getLogger("samtranslator.metrics").setLevel(logging.ERROR)  # it would say that it publishes nothing
    session = boto3.Session(region_name=REGION)
    return dict(Translator({}, Parser(), boto_session=session).translate(body, {}))


@cache
def _schema(kind: str) -> Body:
    from cfnlint.schema import PROVIDER_SCHEMA_MANAGER

    if kind not in PROVIDER_SCHEMA_MANAGER.get_resource_types(REGION):  # a custom resource, or none of CloudFormation's
        return {}
    return dict(PROVIDER_SCHEMA_MANAGER.get_resource_schema(REGION, kind).schema)


def _typed(value: Any, schema: Body, whole: Body) -> Any:
    if "$ref" in schema:
        return _typed(value, whole["definitions"][schema["$ref"].rpartition("/")[2]], whole)
    if isinstance(value, list):
        return [_typed(item, schema.get("items", {}), whole) for item in value]
    if isinstance(value, dict):
        known = schema.get("properties", {})
        return {name: _typed(item, known.get(name, {}), whole) for name, item in value.items()}
    return _scalar(value, schema.get("type"))


def _scalar(value: Any, kind: Any) -> Any:
    if kind == "boolean":
        return BOOLEANS.get(value, value)
    if kind in ("integer", "number") and isinstance(value, str) and re.fullmatch(r"-?\d+", value):
        return int(value)
    if kind == "string" and isinstance(value, int):
        return str(value).lower() if isinstance(value, bool) else str(value)
    return value


def _substituted(node: Any) -> Any:
    """Fn::Join of "" as Fn::Sub, but for a bucket's objects: Control Tower's rule CT.S3.PR.8 knows Fn::Join alone."""
    if isinstance(node, list):
        return [_substituted(item) for item in node]
    if not isinstance(node, dict):
        return node
    delimiter, items = node.get("Fn::Join", [None, None])
    if delimiter == "" and isinstance(items, list) and items[1:] != ["/*"]:
        parts = [_part(item) for item in items]
        if None not in parts:
            return {"Fn::Sub": "".join(map(str, parts))}
    return {key: _substituted(item) for key, item in node.items()}


def _part(item: Any) -> str | None:
    if isinstance(item, str):
        return item.replace("${", "${!")
    if isinstance(item, dict) and isinstance(item.get("Ref"), str):
        return f"${{{item['Ref']}}}"
    if isinstance(item, dict) and "Fn::GetAtt" in item:
        return "${" + ".".join(item["Fn::GetAtt"]) + "}"
    return None
