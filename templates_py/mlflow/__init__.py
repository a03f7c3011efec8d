"""MLflow on Fargate, its database and its artifacts: the system's wiring, and the nested stacks that it alone has."""

from __future__ import annotations

from templates_py.inputs import STRING, Input, Like, optional

CONTAINER_PORT = 5000
CERTIFICATE = Like("arn:[^:]+:(acm|iam):.+", "the ARN of a certificate in ACM or IAM")


def certificate_arn() -> Input:
    """The row that turns the listener to HTTPS."""
    return optional(STRING, "ARN of the certificate of the HTTPS listener", CERTIFICATE, otherwise="HTTP alone")
