"""The rows of a stack's table of inputs: each becomes one CloudFormation parameter.

Two kinds: `asked` of a person (what nobody feeds is asked for by the parent, up to the root) and `wired` (another stack
gives it). Read on a stack, a row is a `Value`: a `Ref` that also knows what to do where nothing was given.
"""

from __future__ import annotations

from functools import cache, cached_property
from typing import Any, NamedTuple, Protocol, overload

from troposphere import AWSHelperFn, Equals, If, Join, Not, NoValue, Parameter, Ref, Split

STRING = "String"
NUMBER = "Number"
STRINGS = "CommaDelimitedList"
VPC = "AWS::EC2::VPC::Id"
SUBNETS = "List<AWS::EC2::Subnet::Id>"


@cache
def camel(name: str) -> str:
    """Turn `rds_subnets` or `hydra-ml-queue` into `RdsSubnets`, `HydraMlQueue`: letters and digits alone (P44)."""
    return "".join(part[:1].upper() + part[1:] for part in name.replace("-", "_").split("_"))


class Home(Protocol):
    """What a row needs of the stack that it is read on."""

    used: set[str]

    def condition(self, name: str, expression: AWSHelperFn) -> str:
        """Register a condition, and return its name."""


class Like(NamedTuple):
    """What a value looks like: a regular expression for the whole of it, and the same in words."""

    pattern: str
    words: str


class Input:
    """One row: its name in Python is its parameter's name in snake case. Make it with `asked`, `flag` or `wired`."""

    def __init__(self, kind: str, meaning: str, wired: bool, **constraints: Any) -> None:
        self.kind, self.meaning, self.wired, self.constraints = kind, meaning, wired, constraints

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, stack: None, owner: type) -> Input: ...

    @overload
    def __get__(self, stack: Home, owner: type) -> Value: ...

    def __get__(self, stack: Home | None, owner: type) -> Input | Value:
        return self if stack is None else Value(stack, self)

    @property
    def logical_id(self) -> str:
        """Its parameter's name."""
        return camel(self.name)

    @property
    def is_list(self) -> bool:
        """Whether its value is a list, which travels between stacks as one string (P45)."""
        return self.kind in (STRINGS, SUBNETS)

    @property
    def has_default(self) -> bool:
        """Whether it may be left out of a deployment (P69)."""
        return "Default" in self.constraints

    def renamed(self, name: str) -> Input:
        """Return the same row under another name."""
        row = Input(self.kind, self.meaning, self.wired, **self.constraints)
        row.name = name
        return row

    def same_as(self, other: Input) -> bool:
        """Whether one answer serves both rows."""
        return (self.kind, self.meaning, self.constraints) == (other.kind, other.meaning, other.constraints)

    @cached_property
    def parameter(self) -> Parameter:
        """The CloudFormation parameter, the same in every stack that has the row."""
        return Parameter(self.logical_id, Type=self.kind, Description=self.meaning, **self.constraints)


class Value(Ref):
    """A parameter inside its own stack."""

    def __init__(self, stack: Home, row: Input) -> None:
        super().__init__(row.logical_id)
        self.stack, self.row = stack, row
        stack.used.add(row.name)

    @property
    def given(self) -> str:
        """The condition that it is not empty; registered by its use (P65)."""
        text = Join("", self) if self.row.is_list else self
        return self.stack.condition(f"{self.row.logical_id}Given", Not(Equals(text, "")))

    def otherwise(self, value: Any) -> If:
        """Itself where it was given, else `value`."""
        return If(self.given, self, value)

    @property
    def or_none(self) -> If:
        """Itself where it was given, else no property at all: AWS chooses, names are generated (P68)."""
        return self.otherwise(NoValue)

    def besides(self, *own: Any) -> If:
        """`own` and then this list's values, where any were given."""
        return If(self.given, Split(",", Join(",", [*own, Join(",", self)])), list(own))


def asked(
    kind: str,
    default: str | int | None,
    meaning: str,
    *,
    unit: str = "",
    least: int | None = None,
    most: int | None = None,
    allowed: list[Any] | None = None,
    like: Like | None = None,
) -> Input:
    """A row that a person answers; `default` None means that there is none.

    `least` and `most` bound numbers, `allowed` lists the only values; the meaning ends with the unit.
    """
    constraints: dict[str, Any] = {
        "Default": default,
        "MinValue": least,
        "MaxValue": most,
        "AllowedValues": allowed,
        "AllowedPattern": f"^({like.pattern})$" if like else None,
        "ConstraintDescription": f"must be {like.words}" if like else None,
    }
    meaning = f"{meaning} ({unit})" if unit else meaning
    return Input(kind, meaning, False, **{key: value for key, value in constraints.items() if value is not None})


def flag(default: bool, meaning: str) -> Input:
    """A row that is "true" or "false"."""
    return asked(STRING, str(default).lower(), meaning, allowed=["true", "false"])


def optional(kind: str, meaning: str, like: Like | None = None, *, otherwise: str = "none") -> Input:
    """A row that may stay empty, as by default; `otherwise` says what that means."""
    either = Like(f"|{like.pattern}", f"empty, or {like.words}") if like else None
    return asked(kind, "", f"{meaning}; empty: {otherwise}", like=either)


def name(meaning: str, like: Like) -> Input:
    """A row that names a resource: empty, as by default, it is generated (P68)."""
    return optional(STRING, meaning, like, otherwise="generated")


def wired(kind: str, meaning: str) -> Input:
    """A row that another stack gives: a parent that leaves it out fails in Python."""
    return Input(kind, meaning, True)
