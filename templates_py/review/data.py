"""What holds data: a deleted or replaced one of these takes something with it that nobody can make again."""

from __future__ import annotations

HOLDS_DATA = frozenset(
    {
        "AWS::RDS::DBInstance",
        "AWS::S3::Bucket",
        "AWS::ECR::Repository",
        "AWS::SecretsManager::Secret",  # a new value locks out
    }
)
