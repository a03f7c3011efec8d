"""The repository of MLflow's image, or an existing one.

A stack of its own, as in Hydra, so that the image is pushed while the database is still being made.
"""

from __future__ import annotations

import json

from troposphere import Equals, GetAtt, If, Sub
from troposphere.ecr import EncryptionConfiguration, ImageScanningConfiguration, LifecyclePolicy, Repository

from templates_py.inputs import STRING, Like, flag, name, optional
from templates_py.keys import kms_key_arn
from templates_py.stack import Outputs, Stack, resource

NAME = Like("[a-z0-9]+([._/-][a-z0-9]+)*", "a repository's name of small letters, digits and . _ / -")

# Untagged layers alone: every tag is kept, since a rollback may want any of them.
EXPIRE_UNTAGGED = {
    "rulePriority": 1,
    "description": "Untagged images",
    "selection": {"tagStatus": "untagged", "countType": "sinceImagePushed", "countUnit": "days", "countNumber": 14},
    "action": {"type": "expire"},
}


class ContainerRepository(Stack):
    """The ECR repository of MLflow's image."""

    mlflow_container_repository = name("Name of the container repository", NAME)
    existing_container_repository = optional(
        STRING, "Name of an existing repository of this account and Region", NAME, otherwise="a new one"
    )
    scan_on_push = flag(True, "Whether images are scanned for vulnerabilities when pushed")
    empty_on_delete = flag(False, "Whether deleting the repository deletes its images; otherwise they block it")
    kms_key_arn = kms_key_arn()

    @resource
    def repository(self) -> Repository:
        return Repository(
            "Repository",
            RepositoryName=self.mlflow_container_repository.or_none,
            ImageTagMutability="IMMUTABLE",  # P29: a tag names one image for good
            ImageScanningConfiguration=ImageScanningConfiguration(ScanOnPush=self.scan_on_push),
            EncryptionConfiguration=If(
                self.kms_key_arn.given,
                EncryptionConfiguration(EncryptionType="KMS", KmsKey=self.kms_key_arn),
                EncryptionConfiguration(EncryptionType="AES256"),
            ),
            LifecyclePolicy=LifecyclePolicy(LifecyclePolicyText=json.dumps({"rules": [EXPIRE_UNTAGGED]})),
            EmptyOnDelete=self.empty_on_delete,  # P36
            Condition=self.condition("NewRepository", Equals(self.existing_container_repository, "")),
        )

    def outputs(self) -> Outputs:
        existing = self.existing_container_repository
        url = "${AWS::AccountId}.dkr.ecr.${AWS::Region}.${AWS::URLSuffix}/${Name}"
        arn = "arn:${AWS::Partition}:ecr:${AWS::Region}:${AWS::AccountId}:repository/${Name}"
        return {
            "container_repository_url": (
                If(existing.given, Sub(url, Name=existing), GetAtt(self.repository, "RepositoryUri")),
                "URL of the container repository",
            ),
            "container_repository_arn": (
                If(existing.given, Sub(arn, Name=existing), GetAtt(self.repository, "Arn")),
                "ARN of the container repository",
            ),
        }
