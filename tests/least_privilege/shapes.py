"""The shapes whose roles are looked at: what there is of settings that changes a policy."""

from __future__ import annotations

from templates_py.review.mutation.shapes import CERTIFICATE, CHECK, FARGATE, ML, TRAIN
from templates_py.settings import Batch, Mlflow, Settings
from tests.least_privilege.deployment import HERE, Deployment

DIRECT, OWN, PROXIED, KEYED = "direct", "own roles", "proxied", "own key"
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
SETTINGS[KEYED] = SETTINGS[DIRECT]
KEY = f"arn:aws:kms:{HERE}:key/1234abcd-12ab-34cd-56ef-1234567890ab"


def deployment(shape: str, secrets: dict[str, str] | None = None) -> Deployment:
    """A deployment of a shape; with the ARNs that its secrets have got, where there are some."""
    return Deployment(SETTINGS[shape], secrets, **CERTIFICATE, KmsKeyArn=KEY if shape == KEYED else "")
