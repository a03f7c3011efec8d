"""A KMS key of one's own, where one is given: what is stored is encrypted by it, and who needs that may use it.

Empty, every property and every policy is as without it: AWS's own keys need no permission.
"""

from __future__ import annotations

from awacs import kms
from awacs.aws import Action, Condition, Statement, StringEquals
from troposphere import If, NoValue, Sub

from templates_py.inputs import STRING, Input, Like, Value, optional
from templates_py.policies import allow, document, inline

# A log group takes no alias, and a policy is about the key itself.
KEY = Like("arn:[^:]+:kms:[^:]+:[0-9]{12}:key/[A-Za-z0-9-]+", "the ARN of a KMS key, arn:...:key/...")

READ = (kms.Decrypt,)
STORE = (kms.Decrypt, kms.GenerateDataKey)  # a multipart upload reads what it has stored. Source: S3 guide, SSE-KMS


def kms_key_arn() -> Input:
    """The row of the key."""
    return optional(STRING, "ARN of the KMS key that encrypts what is stored", KEY, otherwise="AWS's own keys")


def through(service: str, key: Value, *actions: Action) -> Statement:
    """Let the key be used by what `service` (s3, secretsmanager) does for whoever asks it, and by nothing else."""
    via = Condition(StringEquals({"kms:ViaService": Sub(f"{service}.${{AWS::Region}}.amazonaws.com")}))
    return allow(*actions, on=[key], Condition=via)


def policy_of_key(key: Value, *statements: Statement) -> If:
    """A role's policy about the key, where one is given."""
    return If(key.given, inline("Key", *statements), NoValue)


def with_key(key: Value, use: Statement, *statements: Statement) -> If:
    """A document of `statements`, with `use` besides where a key is given."""
    return If(key.given, document(*statements, use), document(*statements))
