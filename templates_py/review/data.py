"""What holds data, of the types that are in the templates: never replaced, deleted or emptied unless it is named."""

from __future__ import annotations

# A secret too: a new value locks out what runs.
HOLDS_DATA: frozenset[str] = frozenset(
    {"AWS::RDS::DBInstance", "AWS::S3::Bucket", "AWS::ECR::Repository", "AWS::SecretsManager::Secret"}
)
