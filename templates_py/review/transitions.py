"""The larger moves of a platform's life: from what to what, and the way that loses nothing."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

import msgspec

from templates_py.emission import emit
from templates_py.review.changes import Change, changes
from templates_py.review.samples import base
from templates_py.review.scope import Templates
from templates_py.review.tree import Tree, defaults, flatten
from templates_py.review.ways import OTHER_VPC
from templates_py.settings import Settings
from templates_py.synthesis import stacks

SNAPSHOT = "`DbSnapshotIdentifier` (`BatchDbSnapshotIdentifier`, `MlflowDbSnapshotIdentifier`)"


class State(NamedTuple):
    """A root, as settings make it, with its defaults and other parameters."""

    root: str
    settings: Settings
    parameters: Mapping[str, Any]


class Transition(NamedTuple):
    """A move: in words, from one state to another, in one stack unless the way says otherwise."""

    title: str
    before: State
    after: State
    way: str


def templates(settings: Settings, system: str | None = None) -> Templates:
    """The templates of settings, as written: path without its ending -> template. They are shared: change a copy."""
    return _templates(msgspec.json.encode(settings), system)


@cache
def _templates(settings: bytes, system: str | None) -> Templates:
    made = msgspec.json.decode(settings, type=Settings)
    files = emit(stacks(made, system), made.tags)
    return {path.removesuffix(".json"): msgspec.json.decode(text) for path, text in files.items()}


def tree(state: State) -> Tree:
    """The graph of a state, its service running."""
    made = templates(state.settings)
    image = {"ImageTag": "1"} if "ImageTag" in made[state.root]["Parameters"] else {}
    return flatten(made, state.root, {**defaults(made, state.root), **image, **state.parameters})


def happens(transition: Transition) -> list[Change]:
    """What CloudFormation does, in the stack that there is."""
    return changes(tree(transition.before), tree(transition.after))


def _state(system: str = "", parameters: Mapping[str, Any] | None = None, settings: Settings | None = None) -> State:
    return State(f"{system}/template".removeprefix("/"), settings or base(), parameters or {})


def _mlflow(**changed: str) -> Settings:
    return msgspec.structs.replace(base(), mlflow=msgspec.structs.replace(base().mlflow, **changed))


CERTIFICATE = {"CertificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/1"}
KEY = {
    "KmsKeyArn": "arn:aws:kms:us-east-1:123456789012:key/1",
    "BatchDbSnapshotIdentifier": "copy",
    "MlflowDbSnapshotIdentifier": "copy",
    "ExistingContainerRepository": "other",
}
UPGRADE = {"MlflowDbEngineVersion": "9.7.1", "MlflowAllowMajorVersionUpgrade": "true"}
TWO_STACKS = (
    "Never in one stack: each path gets a system before it, so that all is made anew and the old databases go (a final "
    "snapshot of each stays). "
)
_BOTH = _state()
TRANSITIONS = [
    Transition(
        "`batch` alone to both",
        _state("batch"),
        _BOTH,
        TWO_STACKS + "Deploy `mlflow` as a stack of its own beside it (`--config-env mlflow`); what `connection` would "
        "add is one SSM parameter (`TrackingUriParameter`) and one ingress rule. Or move: a snapshot of the job "
        "database, then a new stack of both with it as `BatchDbSnapshotIdentifier`, the bucket as "
        "`ExistingTableSetupScriptBucket`, and a `NamePrefix` as long as the old stack has the queues' names",
    ),
    Transition(
        "`mlflow` alone to both",
        _state("mlflow"),
        _BOTH,
        TWO_STACKS
        + "Deploy `batch` as a stack of its own beside it, as above. Or move: a snapshot of MLflow's database, "
        "then a new stack of both with it as `MlflowDbSnapshotIdentifier` and the bucket as `ExistingArtifactStore`; "
        "names that are given must be others until the old stack is deleted",
    ),
    Transition(
        "both to `batch` alone",
        _BOTH,
        _state("batch"),
        TWO_STACKS + "A new stack of `batch` from the job database's snapshot, as above; then delete the old one",
    ),
    Transition(
        "both to `mlflow` alone",
        _BOTH,
        _state("mlflow"),
        TWO_STACKS + "A new stack of `mlflow` from its database's snapshot, as above; then delete the old one",
    ),
    Transition(
        "AWS's own keys to one of your own",
        _BOTH,
        _state(parameters=KEY),
        "Best in a new deployment. In one that has data: copy a snapshot of each database with the key, and give it in "
        f"the same deployment ({SNAPSHOT}; the old databases go, a final snapshot of each stays), and another "
        "repository, made with the key (`ExistingContainerRepository`). The rest is encrypted by the key from then on; "
        "what was stored before is not",
    ),
    Transition(
        "HTTP to HTTPS", _BOTH, _state(parameters=CERTIFICATE), "Give `CertificateArn`: port 80 then redirects to 443"
    ),
    Transition(
        "HTTPS to HTTP",
        _state(parameters=CERTIFICATE),
        _BOTH,
        "Empty `CertificateArn`; clients need the new `TrackingUri`",
    ),
    Transition(
        "MySQL's next major version",
        _BOTH,
        _state(parameters=UPGRADE),
        "RDS upgrades in place, down for minutes to an hour, and never back. Take a snapshot, try it on a stack that "
        f"is restored from it ({SNAPSHOT}), stop jobs, then give the version and `AllowMajorVersionUpgrade` in one "
        "deployment: RDS refuses the one without the other. Change nothing else in it: a rollback cannot take the "
        "version back, and sticks. Back is a restore of the snapshot",
    ),
    Transition(
        "MLflow open to its own users",
        _BOTH,
        _state(settings=_mlflow(auth="basic")),
        '`auth = "basic"`; the output `AuthAdminPasswordArn` names `admin`\'s password. Clients then need a user',
    ),
    Transition(
        "MLflow's own users to open",
        _state(settings=_mlflow(auth="basic")),
        _BOTH,
        "Note `admin`'s password before: its secret goes, the users stay in the database (see above)",
    ),
    Transition(
        "MLflow open to an identity provider",
        _state(parameters=CERTIFICATE),
        _state(parameters=CERTIFICATE, settings=_mlflow(auth="oidc")),
        "Give the `Oidc` parameters. The listener answers 403 to all from its own change until it has its two rules: "
        "minutes in which MLflow is closed, none in which it is open",
    ),
    Transition(
        "an identity provider to open",
        _state(parameters=CERTIFICATE, settings=_mlflow(auth="oidc")),
        _state(parameters=CERTIFICATE),
        '`auth = "none"`: whoever reaches the balancer may do all. The rules go last: browsers log in until then',
    ),
    Transition(
        "artifacts direct to proxied",
        _BOTH,
        _state(settings=_mlflow(artifacts="proxied")),
        "What is stored stays readable. Experiments of before keep their `s3://` addresses: their clients need the "
        "bucket still. The policy `ClientPolicy` goes: detach it from your own roles first, or its deletion fails",
    ),
    Transition(
        "artifacts proxied to direct",
        _state(settings=_mlflow(artifacts="proxied")),
        _BOTH,
        "Clients of new experiments need the policy of `ClientPolicyArn`; those of before go on through the server",
    ),
    Transition(
        "another VPC",
        _state(parameters={"VpcId": "vpc-1"}),
        _state(parameters={"VpcId": "vpc-2"}),
        OTHER_VPC,
    ),
]
