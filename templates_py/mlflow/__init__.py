"""MLflow on Fargate, its database and its artifacts: the system's wiring, and the nested stacks that it alone has."""

from __future__ import annotations

from templates_py.inputs import STRING, Input, asked

CONTAINER_PORT = 5000


def certificate_arn() -> Input:
    """The row that turns the listener to HTTPS."""
    return asked(
        STRING,
        "",
        "ARN of the certificate of the HTTPS listener; empty: HTTP alone",
        pattern="|arn:[^:]+:(acm|iam):.+",
        hint="Empty, or the ARN of a certificate in ACM or IAM",
    )
