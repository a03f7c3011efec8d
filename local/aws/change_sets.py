"""Change sets of a stack and of all that it nests (IncludeNestedStacks).

What it mends: ministack's say nothing of what is nested, take no heed of conditions, and call most replacements of our
types conditional. A nested change set is computed as ministack computes one, with what the stacks have now: where AWS
cannot know before whether another stack's output changes, and says so, this has the value of before.
"""

from __future__ import annotations

import copy
import json
from html import escape
from typing import Any
from uuid import uuid4

from local.aws import replacements
from local.aws.nested_rows import KIND

UNCHANGED = "The submitted information didn't contain changes. Submit different information to create a change set."
Row = dict[str, Any]
Answer = tuple[int, dict[str, str], bytes]


def install() -> None:
    from ministack.services.cloudformation import changesets, handlers, stacks

    stacks._property_recreation = replacements.recreation
    changesets._resolve_props_for_diff = _resolved
    actions = handlers._ACTION_HANDLERS
    create, describe, delete = (actions[f"{verb}ChangeSet"] for verb in ("Create", "Describe", "Delete"))
    execute = actions["ExecuteChangeSet"]
    actions["CreateChangeSet"] = lambda params: _created(params, create(params))
    actions["DescribeChangeSet"] = lambda params: _described(params, describe(params))
    actions["DeleteChangeSet"] = lambda params: _over(params, delete)
    actions["ExecuteChangeSet"] = lambda params: _over(params, execute)


def _created(params: Row, answer: Answer) -> Answer:
    from ministack.services.cloudformation import _change_sets, _stacks
    from ministack.services.cloudformation.helpers import _p

    if answer[0] != 200 or _p(params, "IncludeNestedStacks").lower() != "true":
        return answer
    (found,) = [one for one in _change_sets.values() if f"<Id>{one['ChangeSetId']}</Id>".encode() in answer[2]]
    found.update(IncludeNestedStacks=True, RootChangeSetId="", ParentChangeSetId="")
    _nest(found, _stacks[found["StackName"]], found["ChangeSetId"])
    if not found["Changes"]:
        found.update(Status="FAILED", ExecutionStatus="UNAVAILABLE", StatusReason=UNCHANGED)
    return answer


def _nest(change_set: Row, stack: Row, root: str) -> None:
    """Make the change sets of what a stack nests; a nested stack of which nothing changes is none of the changes."""
    from ministack.services.cloudformation import _change_sets
    from ministack.services.cloudformation.handlers import _resolve_stack

    template, values = change_set["_template"], change_set["_resolved_params"]
    properties = _resolved(template, values, stack.get("StackName", ""), stack.get("StackId", ""))["Resources"]
    kept = []
    for change in change_set["Changes"]:
        row = change["ResourceChange"]
        if row["ResourceType"] == KIND and row["Action"] in ("Add", "Modify"):
            child = _resolve_stack(row.get("PhysicalResourceId") or "") or {}
            title = row["LogicalResourceId"]
            below = _below(change_set, title, properties[title]["Properties"], child)
            below.update(RootChangeSetId=root, ParentChangeSetId=change_set["ChangeSetId"])
            _nest(below, child, root)
            if not below["Changes"] and not _is_changed_itself(row):
                continue
            row["ChangeSetId"] = below["ChangeSetId"]
            _change_sets[below["ChangeSetId"]] = below
        kept.append(change)
    change_set["Changes"] = kept


def _is_changed_itself(row: Row) -> bool:
    """Whether a nested stack has another template or another parameter, not only one that may be another."""
    return any(detail.get("ChangeSource") == "DirectModification" for detail in row.get("Details", []))


def _below(above: Row, title: str, properties: Row, stack: Row) -> Row:
    """Compute the change set of a nested stack; one that is not there yet is an empty one."""
    from ministack.services.cloudformation.engine import _apply_transforms, _parse_template
    from ministack.services.cloudformation.helpers import _resolve_template
    from ministack.services.cloudformation.stacks import _diff_resources

    body, problem = _resolve_template({"TemplateURL": [properties["TemplateURL"]]})
    if problem:
        raise ValueError(f"{title}: {problem[2]!r}")
    template = _apply_transforms(_parse_template(body), [], {})
    given, before = properties.get("Parameters") or {}, stack.get("_resolved_params", {})
    values = {
        name: {"Value": _text(given.get(name, about.get("Default", ""))), "NoEcho": False, "Type": about["Type"]}
        for name, about in template.get("Parameters", {}).items()
    }
    changed = {name for name, value in values.items() if before.get(name, {}).get("Value") != value["Value"]}
    there = (stack.get("StackName", title), stack.get("StackId", ""))
    old = _resolved(stack.get("_template", {}), before, *there)
    changes = _diff_resources(old, _resolved(template, values, *there), stack.get("_resources"), template, changed, ())
    name = f"{above['ChangeSetName']}-{title}"
    return {
        **above,
        "ChangeSetId": above["ChangeSetId"].partition(":changeSet/")[0] + f":changeSet/{name}/{uuid4()}",
        "ChangeSetName": name,
        "StackName": there[0],
        "StackId": there[1] or f"{above['StackId']}-{title}",
        "Parameters": [{"ParameterKey": key, "ParameterValue": value["Value"]} for key, value in values.items()],
        "Changes": changes,
        "_template": template,
        "_resolved_params": values,
    }


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _resolved(template: Row, values: Row, name: str, stack_id: str) -> Row:
    """Return the resources that there are by a template's conditions, with the values that their properties have."""
    from ministack.services.cloudformation import _stacks
    from ministack.services.cloudformation.engine import _evaluate_conditions, _resolve_refs

    conditions = _evaluate_conditions(template, values)
    # An output that a nested stack is yet to get is empty.
    there = {
        title: {"Attributes": row.get("Attributes", {})} if row["ResourceType"] == KIND else row
        for title, row in (_stacks.get(name) or {}).get("_resources", {}).items()
    }

    def known(value: Any) -> Any:
        try:
            mappings = template.get("Mappings", {})
            return _resolve_refs(copy.deepcopy(value), there, values, conditions, mappings, name, stack_id)
        except ValueError:  # Fn::Select out of what is yet to be made
            return value

    resources = {}
    for title, made in template.get("Resources", {}).items():
        if conditions.get(made.get("Condition"), True):
            found = {key: known(value) for key, value in made.get("Properties", {}).items()}
            resources[title] = {**made, "Properties": json.loads(json.dumps(found, default=lambda _: None))}
    return {"Resources": resources}


def _described(params: Row, answer: Answer) -> Answer:
    """Add what ministack does not say: which change set is whose."""
    from ministack.services.cloudformation.changesets import _find_change_set
    from ministack.services.cloudformation.helpers import _p

    _, found = _find_change_set(_p(params, "ChangeSetName"), _p(params, "StackName"))
    if answer[0] != 200 or not found.get("IncludeNestedStacks"):
        return answer
    body = answer[2].decode()
    for row in (change["ResourceChange"] for change in found["Changes"]):
        if "ChangeSetId" in row:
            place = f"<LogicalResourceId>{row['LogicalResourceId']}</LogicalResourceId>"
            body = body.replace(place, f"{place}<ChangeSetId>{escape(row['ChangeSetId'])}</ChangeSetId>")
    more = "<IncludeNestedStacks>true</IncludeNestedStacks>"
    more += "".join(f"<{key}>{escape(found[key])}</{key}>" for key in ("RootChangeSetId", "ParentChangeSetId"))
    return answer[0], answer[1], body.replace("<Changes>", f"{more}<Changes>", 1).encode()


def _over(params: Row, do: Any) -> Answer:
    """Delete or execute a change set, after which those that belong to it are gone."""
    from ministack.services.cloudformation import _change_sets
    from ministack.services.cloudformation.changesets import _find_change_set
    from ministack.services.cloudformation.helpers import _p

    key, _ = _find_change_set(_p(params, "ChangeSetName"), _p(params, "StackName"))
    answer: Answer = do(params)
    if answer[0] == 200 and key:
        for other in [name for name, one in _change_sets.items() if one.get("RootChangeSetId") == key]:
            del _change_sets[other]
    return answer
