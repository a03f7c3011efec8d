"""The lists of what is AWS's: each entry is used, and nothing of AWS's is left out."""

from __future__ import annotations

import pytest

from templates_py.settings import ROOT
from tests.least_privilege.by_aws import BY_AWS, MANAGED, Entry
from tests.least_privilege.deployment import ROLES
from tests.least_privilege.grants import allowed
from tests.least_privilege.page import page
from tests.least_privilege.shapes import EXISTING, GIVEN, SETTINGS, deployment


@pytest.mark.parametrize("entry", BY_AWS, ids=lambda entry: f"{entry.role} {entry.actions[0]}")
def test_no_entry_is_stale(entry: Entry) -> None:
    """Each of its calls is one that a role of some shape may make."""
    made = [deployment(shape) for shape in SETTINGS]
    grants = [(one, one.grants(role)) for one in made for role in one.roles(entry.role)]
    for action in entry.actions:
        of_action = [(had, call) for one, had in grants for call in entry.calls(one) if call.action == action]
        assert any(allowed(had, call) for had, call in of_action), action


def test_awss_own_policies_are_those_of_the_list() -> None:
    made = [deployment(shape) for shape in SETTINGS]
    had = {(kind, policy) for one in made for kind in ROLES for role in one.roles(kind) for policy in one.managed(role)}
    assert had == {(one.role, one.policy) for one in MANAGED}


def test_each_entry_says_where_aws_writes_so() -> None:
    for entry in (*BY_AWS, *MANAGED):
        assert entry.title and entry.page.endswith(".html") and not entry.page.startswith("http")


def test_all_roles_are_looked_at() -> None:
    assert {kind for shape in SETTINGS for kind in ROLES if deployment(shape).roles(kind)} == set(ROLES)


def test_what_is_there_already_is_used() -> None:
    assert not GIVEN.keys() & deployment(EXISTING).tree.resources.keys()


def test_the_page_is_fresh() -> None:
    """Or else: python -m tests.least_privilege > docs/least-privilege.md."""
    assert (ROOT / "docs/least-privilege.md").read_text() == page()
