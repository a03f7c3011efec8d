"""What a stack is: inputs, resources, outputs; and how one stack nests another."""

from __future__ import annotations

import os.path
import re
from collections.abc import Iterator
from functools import cached_property
from typing import Any, TypeVar

from troposphere import AWSHelperFn, Delete, Output, Template
from troposphere.cloudformation import Stack as NestedStack

from templates_py.inputs import Input, Value, camel
from templates_py.nesting import Nested, Outputs, Rules, interface, lifted, passed

Made = TypeVar("Made")


__all__ = ["Outputs", "Rules", "Stack", "nested", "resource", "rule"]


class resource(cached_property[Made]):  # noqa: N801  read as a decorator
    """A property that makes a resource of its stack (or a list of them, or None where the shape has none)."""


class nested(cached_property[Made]):  # noqa: N801
    """A property that nests another stack in its own (or None where the shape has none), by `Stack.nest`."""


def rule(must: Any, message: str, when: Any = None) -> dict[str, Any]:
    """An assertion about parameters, and what is said where it does not hold."""
    condition = {"RuleCondition": when} if when else {}
    return {**condition, "Assertions": [{"Assert": must, "AssertDescription": message}]}


class Stack:
    """One template: inputs as class attributes, resources (and nested stacks) as properties, outputs as a table.

    The path of its file under templates_py/ is that of its template under build/. Only the inputs that a shape uses
    become parameters.
    """

    variant = ""  # what tells two templates of one file apart: a deletion policy

    def __init__(self) -> None:
        self.template = Template(Description=(self.__doc__ or "").strip().splitlines()[0])
        self.template.set_version("2010-09-09")
        self.inputs = self._rows(Input)
        self.used: set[str] = set()
        self.headings: dict[str, str] = {}  # of the inputs that a nested stack brought
        self.children: list[Stack] = []
        self.lifted: Rules = {}

    @classmethod
    def _rows(cls, kind: type[Made]) -> dict[str, Made]:
        return {name: row for name, row in vars(cls).items() if isinstance(row, kind)}

    def outputs(self) -> Outputs:
        """Return the outputs: name -> (value, description), and third the condition without which there is none."""
        return {}

    def rules(self) -> Rules:
        """Return the assertions about parameters that depend on each other; a parent makes them too."""
        return {}

    @property
    def path(self) -> str:
        """Where the template stands under build/, without its ending: `batch/lambda`, `shared/database-snapshot`."""
        steps = [step.rstrip("_") for step in type(self).__module__.split(".")[1:]]
        return "/".join(steps) + (f"-{self.variant.lower()}" if self.variant else "")

    def condition(self, name: str, expression: AWSHelperFn) -> str:
        """Register a condition by its use, and return its name."""
        return str(self.template.add_condition(name, expression))

    @cached_property
    def outlets(self) -> Outputs:
        """The outputs, after all of the stack has been made."""
        for name in self._rows(nested):
            getattr(self, name)
        outputs = self.outputs()
        for made in [getattr(self, name) for name in self._rows(resource)]:
            self.template.add_resource(made if isinstance(made, list) else [made] if made is not None else [])
        for name, (value, meaning, *condition) in outputs.items():
            extra = {"Condition": condition[0]} if condition else {}
            self.template.add_output(Output(camel(name), Value=value, Description=meaning, **extra))
        for name, asserted in {**self.rules(), **self.lifted}.items():
            self.template.add_rule(name, asserted)
        rows = [row for row in self.inputs.values() if row.name in self.used]
        rows.sort(key=lambda row: row.has_default)  # P69: what must be answered is asked first
        self.template.add_parameter([row.parameter for row in rows])
        if self.children:
            self.template.set_metadata(interface(rows, self.headings))
        return outputs

    def answer(self, name: str) -> Value:
        """What was answered to a row that this stack asks for because one that it nests does."""
        return Value(self, self.inputs[name])

    def asks(self) -> set[str]:
        """The names of what a parent must answer or ask on."""
        self.outlets  # noqa: B018  what it nests adds to its inputs
        return {name for name, row in self.inputs.items() if name in self.used and not row.wired}

    def nest(self, child: Stack, *, condition: str = "", rename: dict[str, str] | None = None, **given: Any) -> Nested:
        """Nest `child`: `given` feeds its inputs by name, and what it does not feed is asked for by this stack.

        Where this stack has an input of the same name already, that one feeds it; `rename` (child's name to this
        stack's) keeps two rows apart that only share a name. Raises TypeError for an input that the child does not
        have, one that is wired and left out, or two rows of one name that ask for different things.
        """
        title = type(child).__name__
        child.asks()
        if unknown := given.keys() - child.inputs.keys():
            raise TypeError(f"{self.path} gives {child.path} {', '.join(sorted(unknown))}, which it does not take")
        needed = [row for name, row in child.inputs.items() if name in child.used]
        values = {r.name: given[r.name] if r.name in given else self._ask(child, r, rename or {}) for r in needed}
        made = NestedStack(title, DeletionPolicy=Delete, UpdateReplacePolicy=Delete)  # what it makes has its own
        made.TemplateURL = os.path.relpath(child.path, os.path.dirname(self.path) or ".") + ".json"
        made.Parameters = {camel(name): passed(value) for name, value in values.items()}
        if condition:
            made.Condition = condition
        self.template.add_resource(made)
        self.children.append(child)
        self.lifted.update(lifted(child.template.rules, values, prefix=title if rename else ""))
        return Nested(title, child.outlets, whose=f"{self.path}: {child.path}")

    def _ask(self, child: Stack, row: Input, rename: dict[str, str]) -> Value:
        name = rename.get(row.name, row.name)
        if row.wired:
            raise TypeError(f"{self.path} does not give {child.path} its {name}, which another stack must give")
        if name not in self.inputs:
            self.inputs[name] = row if name == row.name else row.renamed(name)
            title = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type(child).__name__).lower()
            self.headings[name] = ": ".join(filter(None, [title, child.headings.get(row.name)]))
        elif not self.inputs[name].same_as(row):
            raise TypeError(f"{self.path}: {child.path} asks for {name} in other words than another stack does")
        return Value(self, self.inputs[name])

    def templates(self) -> Iterator[Stack]:
        """Yield this stack and all that it nests."""
        self.asks()
        yield self
        for child in self.children:
            yield from child.templates()
