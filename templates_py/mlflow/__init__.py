"""MLflow on Fargate, its database and its artifacts: the system's wiring, and the nested stacks that it alone has."""

from __future__ import annotations

from templates_py.inputs import STRING, Input, Like, asked, optional

CONTAINER_PORT = 5000
CERTIFICATE = Like("arn:[^:]+:(acm|iam):.+", "the ARN of a certificate in ACM or IAM")
FOLDER = Like(r"[A-Za-z0-9!_.*'()-]+(/[A-Za-z0-9!_.*'()-]+)*", "a folder that neither begins nor ends with /")


def s3_bucket_folder() -> Input:
    """The row of where in the artifact bucket MLflow keeps what runs store."""
    return asked(STRING, "mlflow", "Folder of the artifact bucket that models are stored in", like=FOLDER)


def certificate_arn() -> Input:
    """The row that turns the listener to HTTPS."""
    return optional(STRING, "ARN of the certificate of the HTTPS listener", CERTIFICATE, otherwise="HTTP alone")
