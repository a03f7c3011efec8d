from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import boto3
import botocore.session
import pytest
from botocore.loaders import Loader
from moto.core.responses import ActionResult
from moto.iam.access_control import IAMPolicy, PermissionResult
from moto.iam.exceptions import InvalidInput
from moto.iam.responses import IamResponse

from commands.configuration import Configuration
from commands.preflight import _found
from commands.preflight.checks import CHECKS
from commands.preflight.ground import Ground
from commands.preflight.outcome import Outcome
from templates_py.settings import Settings
from templates_py.synthesis import synthesize
from tests.commands.preflight.account import Network, proper_network
from tests.emitted import DEFAULT

LOADER = Loader()
ACCOUNTS = (f"{number:012}" for number in count(200000000001))
SAMCONFIG = """version = 0.1

[default.deploy.parameters]
stack_name = "hydra"
template_file = "{template}"
parameter_overrides = {overrides}
{settings}"""
# What moto has no data of: what RDS offers in a Region.
OFFERED = [
    {
        "Engine": "mysql",
        "EngineVersion": version,
        "DBInstanceClass": size,
        "StorageType": "gp3",
        "MultiAZCapable": size != "db.t4g.micro",
        "AvailabilityZones": [{"Name": "us-east-1a"}, {"Name": "us-east-1b"}],
    }
    for version in ("8.4.10", "8.4.11")
    for size in ("db.t4g.micro", "db.t4g.small", "db.r8g.large")
]

UNKNOWN: set[str] = set()  # actions that IAM does not know
PERMITTED, DENIED = PermissionResult.PERMITTED, PermissionResult.DENIED


def simulate_principal_policy(self: IamResponse) -> ActionResult:
    """IAM's simulation, which moto lacks, by the engine that moto checks policies with: of a role's inline ones."""
    role = self.backend.get_role(self._get_param("PolicySourceArn").rpartition("/")[2])
    policies = [IAMPolicy(document) for document in role.policies.values()]
    rows = []
    for action in self._get_param("ActionNames"):
        if action in UNKNOWN or not re.fullmatch("[a-z0-9-]+:[A-Za-z0-9]+", action):
            raise InvalidInput(f"Invalid action: {action}")
        (resource,) = self._get_param("ResourceArns")
        said = {policy.is_action_permitted(action, resource) for policy in policies}
        decision = "allowed" if said & {PERMITTED} and not said & {DENIED} else "implicitDeny"
        rows.append({"EvalActionName": action, "EvalResourceName": resource, "EvalDecision": decision})
    return ActionResult({"EvaluationResults": rows, "IsTruncated": False})


def allow(session: boto3.Session, *actions: str, resource: str = "*") -> None:
    """Let the role that deploys do no more than this."""
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": resource}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    session.client("iam").put_role_policy(RoleName="deployer", PolicyName="it", PolicyDocument=document)


def image_in(session: boto3.Session, repository: str, tag: str) -> None:
    """Put an image into a repository."""
    config = {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": f"sha256:{64 * '0'}", "size": 1}
    media = "application/vnd.oci.image.manifest.v1+json"
    manifest = {"schemaVersion": 2, "mediaType": media, "config": config, "layers": []}
    session.client("ecr").put_image(repositoryName=repository, imageManifest=json.dumps(manifest), imageTag=tag)


Found = Callable[[str], list[Outcome]]
Fault = Callable[[str], Outcome]


@pytest.fixture(autouse=True)
def one_loader(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read what botocore knows of each API once, not in each test: that took most of their time."""
    monkeypatch.setattr(botocore.session, "create_loader", lambda _: LOADER)


@pytest.fixture
def account(session: boto3.Session, monkeypatch: pytest.MonkeyPatch) -> boto3.Session:
    """A session in an account of its own, in which nothing is: as the role `deployer`."""
    number = next(ACCOUNTS)
    role = f"arn:aws:iam::{number}:role/deployer"
    key = session.client("sts").assume_role(RoleArn=role, RoleSessionName="me")["Credentials"]
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])
    monkeypatch.setenv("AWS_SESSION_TOKEN", key["SessionToken"])
    monkeypatch.setattr(IamResponse, "simulate_principal_policy", simulate_principal_policy, raising=False)
    monkeypatch.setattr(
        "moto.rds.models.RDSBackend.describe_orderable_db_instance_options",  # importing it takes long
        lambda _, engine, engine_version: [
            one for one in OFFERED if one["Engine"] == engine and engine_version in (None, one["EngineVersion"])
        ],
    )
    made = boto3.Session()
    made.client("iam").create_role(RoleName="deployer", AssumeRolePolicyDocument=json.dumps({}))
    allow(made, "*")
    made.client("iam").create_service_linked_role(AWSServiceName="ecs.amazonaws.com")
    return made


@pytest.fixture
def network(account: boto3.Session) -> Network:
    return proper_network(account)


class Project:
    """Templates that were built, and their samconfig.toml."""

    def __init__(self, folder: Path, network: Network) -> None:
        self.folder, self.parameters = folder, network.parameters()
        self.settings = ""  # more of samconfig.toml
        self.built: Path | None = None

    def build(self, settings: Settings = DEFAULT, system: str = "") -> None:
        synthesize(settings, self.folder / "build", system or None)
        self.built = self.folder / "build" / system / "template.json"

    def give(self, **parameters: str) -> None:
        self.parameters.update(parameters)

    @property
    def configuration(self) -> Configuration:
        if not self.built:
            self.build()
        path = self.folder / "samconfig.toml"
        overrides = [f'{name}="{value}"' for name, value in self.parameters.items()]
        path.write_text(SAMCONFIG.format(template=self.built, overrides=overrides, settings=self.settings))
        return Configuration(path, "default")


@pytest.fixture
def project(tmp_path: Path, network: Network, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    """The default shape in a proper network, on a machine that has a builder."""
    podman = tmp_path / "podman"
    podman.write_text("#!/bin/sh\n")
    podman.chmod(0o755)
    monkeypatch.setenv("BUILDER", str(podman))
    yield Project(tmp_path, network)


@pytest.fixture
def found(project: Project) -> Found:
    """What a check finds, by its name."""

    def look(name: str) -> list[Outcome]:
        (check,) = (check for check in CHECKS if check.name == name)
        return _found(check, Ground(project.configuration))

    return look


@pytest.fixture
def fault(found: Found) -> Fault:
    """The one fault that a check finds."""

    def look(name: str) -> Outcome:
        (one,) = (outcome for outcome in found(name) if outcome.level == "fault")
        return one

    return look
