"""An account as far as a stack can stumble over it: which names are taken, what is protected, filled, in use.

Stacks are made, rolled back and deleted in it by CloudFormation's rules, in no time.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from templates_py.review.facts import NAMES
from templates_py.review.scope import STACK, Resource, references
from templates_py.review.tree import Tree

DATABASE, SECRET = "AWS::RDS::DBInstance", "AWS::SecretsManager::Secret"
BUCKET, REPOSITORY = "AWS::S3::Bucket", "AWS::ECR::Repository"
# What cannot be deleted while something that stays uses it.
USED = ("AWS::RDS::DBSubnetGroup", "AWS::RDS::DBParameterGroup", "AWS::EC2::SecurityGroup")
SCRIPT = "table setup script"  # what the function puts into its bucket, and takes away again (P62)
TEST = "a balancer's test file"  # what a balancer puts into its bucket of access logs at once, and leaves there
Name = tuple[str, str]  # a type, and a physical name


@dataclass
class Thing:
    """Something that exists."""

    path: str
    name: Name
    protected: bool = False
    emptied: bool = False  # whether its deletion empties it
    holds: set[str] = field(default_factory=set)
    uses: set[Name] = field(default_factory=set)


class Account:
    """What exists in an account and Region."""

    def __init__(self) -> None:
        self.things: dict[Name, Thing] = {}
        self.snapshots: list[str] = []
        self._made = 0

    def generated(self, path: str) -> str:
        """A name that nothing has."""
        self._made += 1
        return f"{path}-{self._made}"


class Stack:
    """A stack of the account, and what is in it. Each operation returns what went wrong, in words."""

    def __init__(self, account: Account, tree: Tree) -> None:
        self.account, self.tree = account, tree
        self.made: dict[str, Thing] = {}

    def create(self, failing: str = "", *, alone: bool = False) -> list[str]:
        """Make the resources: all, or those that are made while `failing` fails.

        These are all that do not wait for it; `alone`: those alone that it waits for, as where it is the quickest.
        """
        late = {path for path in self.tree.resources if failing in self.tree.before[path]} if failing else set()
        before = self.tree.before[failing] if alone else self.tree.resources.keys()
        taken = []
        for path in self.tree.order:
            made = self.tree.resources[path]
            if path == failing or path in late or path not in before or made.type == STACK:
                if path == failing and made.type.startswith("Custom::"):
                    self._script(made, put=True)  # it may have done its work, and failed then
                continue
            name = self._name(made)
            if name in self.account.things:
                taken.append(f"{path}: {name[1]} is taken")
            else:
                self._add(made, name)
        return taken

    def _name(self, made: Resource) -> Name:
        given = made.properties.get(NAMES.get(made.type, ""))
        if given is None or any(name in self.tree.resources for name, _, _ in references(given)):
            return made.type, self.account.generated(made.path)
        return made.type, given if isinstance(given, str) else json.dumps(given)

    def _add(self, made: Resource, name: Name) -> None:
        said = made.properties
        attributes = {one["Key"]: one["Value"] for one in said.get("LoadBalancerAttributes", [])}
        protected = attributes.get("deletion_protection.enabled", said.get("DeletionProtection", False))
        uses = {self.made[path].name for path in self.tree.uses[made.path] if path in self.made}
        thing = Thing(made.path, name, _true(protected), _true(said.get("EmptyOnDelete", False)), set(), uses)
        self.made[made.path] = self.account.things[name] = thing
        if made.type.startswith("Custom::"):
            self._script(made, put=True)
        logs = attributes.get("access_logs.s3.bucket")
        if isinstance(logs, dict) and logs.get("Ref") in self.made:
            self.made[logs["Ref"]].holds.add(TEST)

    def _script(self, made: Resource, *, put: bool) -> None:
        """What the database initialiser does to the bucket of its script."""
        bucket = made.properties["TableSetupScriptBucketName"]
        own = self.made.get(bucket["Ref"]) if isinstance(bucket, dict) else None
        if thing := self.account.things.get(own.name if own else (BUCKET, str(bucket))):
            thing.holds = thing.holds | {SCRIPT} if put else thing.holds - {SCRIPT}

    def fill(self, kind: str, what: str) -> None:
        """Put something into all that is of a type: an image, artifacts."""
        for thing in self.made.values():
            if thing.name[0] == kind:
                thing.holds.add(what)

    def roll_back(self, *, whole_children: bool = True) -> list[str]:
        """Undo a creation that failed. `whole_children`: RetainExceptOnCreate holds in a child that was complete.

        Nobody says so of a nested stack that its parent's rollback deletes; False is the other reading (P62).
        """
        return self._delete(creating=True, whole_children=whole_children)

    def delete(self) -> list[str]:
        """Delete the stack."""
        return self._delete(creating=False, whole_children=True)

    def _delete(self, *, creating: bool, whole_children: bool) -> list[str]:
        wrong: list[str] = []
        needed: set[str] = set()  # by what could not be deleted: CloudFormation does not try
        for path in [path for path in reversed(self.tree.order) if self.tree.resources[path].type != STACK]:
            made, thing = self.tree.resources[path], self.made.get(path)
            if made.type.startswith("Custom::"):
                self._script(made, put=False)
            anew = creating and (whole_children or not self._is_whole(made.stack))
            if thing is None or path in needed or self._stays(made, anew):
                continue
            if problem := self._problem(thing):
                wrong.append(problem)
                needed |= self.tree.before[path]
                continue
            if _policy(made) == "Snapshot":
                self.account.snapshots.append(path)
            del self.account.things[thing.name]
        return wrong + self._locked_out()

    def _stays(self, made: Resource, creating: bool) -> bool:
        return _policy(made) == "Retain" or (_policy(made) == "RetainExceptOnCreate" and not creating)

    def _is_whole(self, stack: str) -> bool:
        """Whether a nested stack was complete when the creation failed."""
        inside = [p for p, made in self.tree.resources.items() if made.stack == stack and made.type != STACK]
        return bool(stack) and all(path in self.made for path in inside)

    def _problem(self, thing: Thing) -> str:
        users = [other.path for other in self.account.things.values() if thing.name in other.uses]
        if thing.protected:
            return f"{thing.path}: is protected from deletion"
        if thing.holds and not thing.emptied:
            return f"{thing.path}: holds {', '.join(sorted(thing.holds))}"
        return f"{thing.path}: is used by {users[0]}" if thing.name[0] in USED and users else ""

    def _locked_out(self) -> list[str]:
        """The databases that stay while a secret of theirs is gone (P63)."""
        kept = [thing for thing in self.made.values() if thing.name[0] == DATABASE and self._stands(thing.name)]
        gone = [(one, name) for one in kept for name in one.uses if name[0] == SECRET and not self._stands(name)]
        return [f"{one.path}: its secret {name[1]} is gone" for one, name in gone]

    def _stands(self, name: Name) -> bool:
        return name in self.account.things


def _policy(made: Resource) -> str:
    return str(made.attributes.get("DeletionPolicy", "Snapshot" if made.type == DATABASE else "Delete"))


def _true(value: Any) -> bool:
    return str(value).lower() == "true"
