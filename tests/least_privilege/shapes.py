"""The shapes whose roles are looked at: what there is of settings that changes a policy."""

from __future__ import annotations

from templates_py.review.mutation.shapes import CERTIFICATE, CHECK, FARGATE, ML, TRAIN
from templates_py.settings import Batch, Mlflow, Settings
from tests.least_privilege.deployment import HERE, Deployment

DIRECT, OWN, PROXIED, EXISTING, KEYED = "direct", "own roles", "proxied", "existing", "own key"
KEY = f"arn:aws:kms:{HERE}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
SETTINGS = {
    DIRECT: Settings(batch=Batch(compute_environments=[ML])),
    OWN: Settings(
        batch=Batch(
            service_role="custom", jobs_use_instance_role=False, compute_environments=[ML], job_definitions=[TRAIN]
        ),
        mlflow=Mlflow(auth="basic"),
    ),
    PROXIED: Settings(
        batch=Batch(compute_environments=[ML, FARGATE], job_definitions=[TRAIN, CHECK]),
        mlflow=Mlflow(artifacts="proxied"),
    ),
}
SETTINGS[EXISTING] = SETTINGS[KEYED] = SETTINGS[DIRECT]
# What can be there already -> the parameter by which it is given.
GIVEN = {
    "Mlflow/Storage/ArtifactStore": "ExistingArtifactStore",
    "Batch/Storage/TableSetupScriptBucket": "ExistingTableSetupScriptBucket",
    "Mlflow/ContainerRepository/Repository": "ExistingContainerRepository",
    "Batch/Secrets/UsernameSecret": "BatchExistingUsernameSecret",
    "Batch/Secrets/PasswordSecret": "BatchExistingPasswordSecret",
    "Mlflow/Secrets/UsernameSecret": "MlflowExistingUsernameSecret",
    "Mlflow/Secrets/PasswordSecret": "MlflowExistingPasswordSecret",
}


def deployment(shape: str, secrets: dict[str, str] | None = None) -> Deployment:
    """A deployment of a shape; with the ARNs that its secrets have got, where there are some."""
    given: dict[str, str] = {**CERTIFICATE, **({"KmsKeyArn": KEY} if shape == KEYED else {})}
    if shape == EXISTING:  # what another has made
        other = deployment(DIRECT, secrets)
        given |= {parameter: other.value({"Ref": path}) for path, parameter in GIVEN.items()}
    return Deployment(SETTINGS[shape], secrets, **given)
