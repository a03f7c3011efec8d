"""The shapes whose roles are looked at: what there is of settings that changes a policy."""

from __future__ import annotations

from itertools import product

from templates_py.review.mutation.shapes import CERTIFICATE, CHECK, FARGATE, ML, TRAIN
from templates_py.settings import Batch, Mlflow, Settings
from tests.least_privilege.deployment import Deployment

DIRECT, OWN, PROXIED, EXISTING = "direct", "own roles", "proxied", "existing"
SYSTEMS, PARTS = ("Batch", "Mlflow"), ("Username", "Password")
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
SETTINGS[EXISTING] = SETTINGS[DIRECT]


def deployment(shape: str, secrets: dict[str, str] | None = None) -> Deployment:
    """A deployment of a shape; with the ARNs that its secrets have got, where there are some."""
    existing = _existing(deployment(DIRECT, secrets)) if shape == EXISTING else {}
    return Deployment(SETTINGS[shape], secrets, **CERTIFICATE, **existing)


def _existing(other: Deployment) -> dict[str, str]:
    """The parameters of a deployment that makes nothing of what can be there already: it has another's."""
    paths = {
        "ExistingArtifactStore": "Mlflow/Storage/ArtifactStore",
        "ExistingTableSetupScriptBucket": "Batch/Storage/TableSetupScriptBucket",
        "ExistingContainerRepository": "Mlflow/ContainerRepository/Repository",
        **{f"{system}Existing{one}Secret": f"{system}/Secrets/{one}Secret" for system, one in product(SYSTEMS, PARTS)},
    }
    return {parameter: other.value({"Ref": path}) for parameter, path in paths.items()}
