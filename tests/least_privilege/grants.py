"""A role's policies as grants, one for each action on each resource, and what they come to without one of them.

IAM's rules are those of its guide, as far as our templates go: Allow alone, any statement will do, all of its
conditions hold, and a key that the request does not have matches nothing. What is beyond that is refused, not guessed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import product
from os.path import commonprefix
from typing import Any, NamedTuple


class Call(NamedTuple):
    """What IAM is asked: an action on a resource, and what the request says besides."""

    action: str
    resource: str
    context: tuple[tuple[str, str], ...] = ()  # condition key -> value


class Condition(NamedTuple):
    """One line of a statement's Condition."""

    operator: str
    key: str
    values: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.key} {self.operator} {', '.join(self.values)}"

    def holds(self, call: Call) -> bool:
        given = dict(call.context).get(self.key)
        return given is not None and any(OPERATORS[self.operator](value, given) for value in self.values)


class Grant(NamedTuple):
    """One action on one resource, which may be a pattern, under conditions."""

    action: str
    resource: str
    conditions: tuple[Condition, ...] = ()

    def allows(self, call: Call) -> bool:
        same = self.action.lower() == call.action.lower() and like(self.resource, call.resource)
        return same and all(condition.holds(call) for condition in self.conditions)

    def __str__(self) -> str:
        return f"{self.action} on {self.resource}" + "".join(f" where {condition}" for condition in self.conditions)


def like(pattern: str, value: str) -> bool:
    """Whether a value is as IAM's pattern says: `*` is any text, `?` any character."""
    return bool(re.fullmatch(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."), value, re.S))


OPERATORS: Mapping[str, Callable[[str, str], bool]] = {
    "StringEquals": str.__eq__,
    "StringLike": like,
    "ArnLike": like,
}


def grants_of(statement: Mapping[str, Any]) -> Iterator[Grant]:
    """Take a statement apart. Raises ValueError for what is not understood here."""
    if statement.keys() - {"Sid", "Effect", "Action", "Resource", "Condition"} or statement["Effect"] != "Allow":
        raise ValueError(f"a statement that is not understood: {statement}")
    conditions = tuple(
        Condition(operator, key, tuple(_list(values)))
        for operator, given in statement.get("Condition", {}).items()
        for key, values in given.items()
    )
    if unknown := {condition.operator for condition in conditions} - OPERATORS.keys():
        raise ValueError(f"operators that are not understood: {unknown}")
    for action, resource in product(_list(statement["Action"]), _list(statement["Resource"])):
        yield Grant(action, resource, conditions)


def _list(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]


def allowed(grants: Iterable[Grant], call: Call) -> bool:
    return any(grant.allows(call) for grant in grants)


def excess(grants: list[Grant], calls: set[Call]) -> list[str]:
    """What can be taken away from a policy so that it still allows all these calls; nothing, where it is minimal."""
    return [less for less, policy in _smaller(grants, calls) if all(allowed(policy, call) for call in calls)]


def _smaller(grants: list[Grant], calls: set[Call]) -> Iterator[tuple[str, list[Grant]]]:
    """Yield every smaller policy, with what is less.

    It is without a grant or a condition's value, has a narrower pattern, or a condition on what all calls say alike.
    """
    for place, grant in enumerate(grants):
        before, after = grants[:place], grants[place + 1 :]
        yield str(grant), before + after
        for condition in _addable(grant, calls):
            more = grant._replace(conditions=(*grant.conditions, condition))
            yield f"{grant}: where {condition} would do", [*before, more, *after]
    for pattern in {grant.resource for grant in grants}:
        narrow = _narrow(pattern, (call.resource for call in calls))
        if narrow != pattern:
            policy = [grant._replace(resource=narrow) if grant.resource == pattern else grant for grant in grants]
            yield f"{pattern}: {narrow} would do", policy
    for condition in {condition for grant in grants for condition in grant.conditions}:
        given = [value for call in calls for key, value in call.context if key == condition.key]
        for place, value in enumerate(condition.values):
            others = condition.values[:place] + condition.values[place + 1 :]
            yield f"{condition}: without {value}", _with(grants, condition, others)
            if (narrow := _narrow(value, given)) != value:
                yield f"{condition}: {narrow} would do", _with(grants, condition, (*others, narrow))


def _addable(grant: Grant, calls: set[Call]) -> Iterator[Condition]:
    """The conditions that a grant could have, by what every call that it allows has a key for."""
    asked = [dict(call.context) for call in calls if grant.allows(call)]
    shared = set.intersection(*map(set, asked)) if asked else set()
    for key in sorted(shared - {condition.key for condition in grant.conditions}):
        if (narrow := _narrow("*", (context[key] for context in asked))) != "*":
            yield Condition("StringLike", key, (narrow,))


def _narrow(pattern: str, given: Iterable[str]) -> str:
    """A pattern as narrow as it goes: what all that was given, and is like it, begins with.

    It stays as it is where that would not be narrower: `arn:aws:ec2:eu-west-1:*:*/*` has more than a beginning.
    """
    matching = [value for value in given if like(pattern, value)]
    begin = commonprefix(matching)  # noqa: RUF071  as IAM: by characters, not by folders
    narrow = begin if not matching or len(set(matching)) == 1 or begin.endswith("*") else begin + "*"
    return narrow if like(pattern, narrow) else pattern


def _with(grants: list[Grant], condition: Condition, values: tuple[str, ...]) -> list[Grant]:
    other = condition._replace(values=values)
    return [
        grant._replace(conditions=tuple(other if one == condition else one for one in grant.conditions))
        for grant in grants
    ]


def idle_conditions(grants: list[Grant], calls: set[Call]) -> list[str]:
    """The conditions that hold nothing back: with another value, or none, the call would be allowed all the same."""
    return [
        f"{condition} with {value or 'nothing'}"
        for call in calls
        for grant in grants
        if grant.allows(call)
        for condition in grant.conditions
        for value in ("elsewhere", None)
        if allowed(grants, _asking(call, condition.key, value))
    ]


def _asking(call: Call, key: str, value: str | None) -> Call:
    rest = [pair for pair in call.context if pair[0] != key]
    return call._replace(context=tuple([*rest, (key, value)] if value else rest))
