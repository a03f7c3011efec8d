"""Each role may do all that is done by it, and nothing besides."""

from __future__ import annotations

import pytest

from tests.least_privilege.by_aws import calls_by_aws
from tests.least_privilege.conftest import Account
from tests.least_privilege.deployment import ROLES
from tests.least_privilege.grants import allowed, excess, idle_conditions
from tests.least_privilege.shapes import SETTINGS, deployment

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("least_privilege")]


def test_nothing_is_denied_in_a_full_run(run: Account) -> None:
    assert run.guard.denied == []


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("shape", SETTINGS)
def test_a_role_may_do_what_is_done_by_it_and_no_more(run: Account, shape: str, role: str) -> None:
    made = deployment(shape, run.secrets)
    by_us = run.asked(role, shape)
    by_aws = calls_by_aws(made, role, by_us)
    for one in made.roles(role):
        grants = made.grants(one)
        denied = [call for call in by_us | by_aws if not allowed(grants, call)]
        assert not denied, denied
        too_much = excess(grants, by_us | by_aws) + idle_conditions(grants, by_us | by_aws)
        assert not too_much, too_much
    assert {call.action for call in by_us} & {call.action for call in by_aws} == set()
