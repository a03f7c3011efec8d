"""docs/least-privilege.md, written from the templates and the list of AWS's: what each role may do, who needs it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from templates_py.review.markdown import line, table
from tests.least_privilege.by_aws import BY_AWS, BY_KEY, DOCS, MANAGED, Entry
from tests.least_privilege.deployment import ROLES, Deployment
from tests.least_privilege.grants import Grant
from tests.least_privilege.shapes import SETTINGS, deployment

# Role -> what acts by it.
ACTORS = {
    "function": "the function",
    "task": "MLflow's server",
    "execution": "ECS, to start MLflow's tasks",
    "jobs": "jobs: the instances' role, a role of their own, or both, as the settings say",
    "job execution": "ECS, to start jobs of our definitions",
    "instance": "the instances of the compute environments, where jobs have a role of their own",
    "service": 'AWS Batch, where `service_role = "custom"`',
}
HEAD = """# Least privilege

Written by `python -m tests.least_privilege` from the emitted templates. `tests/least_privilege/` runs the function,
MLflow's server and jobs against a server that enforces these very policies, and holds each of them to two things:

- Nothing is denied in a full run: the script is put, run and taken away; artifacts small, large and broken off are
  logged, listed, fetched and deleted, straight to S3 and by the server; a model is stored and loaded.
- Nothing is too much: without any one action on any one resource, with any pattern narrower, or without a value of a
  condition, something of that run would be denied; and with a condition more. What AWS itself calls is listed below
  with AWS's own page.

Names here are made of logical IDs; a deployment has its own.
"""


def page() -> str:
    """The page, from all shapes."""
    made = [deployment(shape) for shape in SETTINGS]
    lines = [HEAD]
    for role in ROLES:
        lines += [f"## By {ACTORS[role]}", "", *table("May", "On", "Needed by")]
        lines += [line(*row) for row in _rows(made, role)] + [""]
    return "\n".join(lines).rstrip() + "\n"


def _rows(made: list[Deployment], role: str) -> Iterator[tuple[str, str, str]]:
    """Actions on a resource, by whom they are needed; what AWS's own policies say is AWS's."""
    rows: dict[tuple[str, str], dict[str, None]] = defaultdict(dict)
    for one in made:
        for grant in (grant for found in one.roles(role) for grant in one.grants(found)):
            by_aws = next((entry for entry in BY_AWS if entry.role == role and _is_for(grant, entry, one)), None)
            who = _by_key(grant) or (_who(by_aws) if by_aws else _ours(role))
            rows[_on(grant), who][f"`{grant.action}`"] = None
    alike: dict[tuple[str, str], list[str]] = defaultdict(list)
    for (on, who), actions in rows.items():
        alike[", ".join(actions), who].append(on)
    for (may, who), on_all in alike.items():
        yield may, ", ".join(on_all), who
    for policy in (policy for policy in MANAGED if policy.role == role):
        yield f"AWS's policy `{policy.policy}`", "what it says", f"[{policy.title}]({DOCS}{policy.page})"


def _is_for(grant: Grant, entry: Entry, made: Deployment) -> bool:
    return any(grant.allows(call) for call in entry.calls(made))


def _who(entry: Entry) -> str:
    return f"{entry.who}: [{entry.title}]({DOCS}{entry.page})"


def _by_key(grant: Grant) -> str:
    given = [values for condition in grant.conditions for values in condition.values]
    use = next((use for use in BY_KEY if use.action == grant.action and use.via in given), None)
    return f"the service that is asked, where `KmsKeyArn` is given: [{use.title}]({DOCS}{use.page})" if use else ""


def _ours(role: str) -> str:
    return ACTORS[role].partition(":")[0]


def _on(grant: Grant) -> str:
    name = grant.resource.split(":", 5)[-1]
    return f"`{name}`" + "".join(f", where `{condition}`" for condition in grant.conditions)
