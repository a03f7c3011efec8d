"""What holds data: resources whose replacement or deletion loses something that no template brings back."""

from __future__ import annotations

HOLDS_DATA = frozenset(
    {
        "AWS::RDS::DBInstance",
        "AWS::S3::Bucket",
        "AWS::DynamoDB::Table",
        "AWS::ECR::Repository",
        "AWS::SecretsManager::Secret",  # a new value locks out whoever knows the old one
        "AWS::Logs::LogGroup",  # least of all: what must last is in the databases
    }
)
