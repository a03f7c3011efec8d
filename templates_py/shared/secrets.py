"""User name and password of a database, each a plain-string secret of its own, as Hydra's job container reads them.

A stack of its own, since roles, database and clients all wait for it, and it for nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from troposphere import Equals, If, NoValue, Ref
from troposphere.secretsmanager import GenerateSecretString, Secret

from templates_py.inputs import NUMBER, STRING, Like, asked, name, optional
from templates_py.keys import kms_key_arn
from templates_py.shared import SECRET_ARN, of_companion
from templates_py.stack import Outputs, Stack, resource

if TYPE_CHECKING:
    from templates_py.settings import DeletionPolicy

SECRET = Like(r"[\w/+=.@-]{1,512}", "a secret's name of up to 512 letters, digits and /_+=.@-")
USERNAME = Like("[A-Za-z][A-Za-z0-9_]{0,15}", "a MySQL user name of 1 to 16 characters")


class Secrets(Stack):
    """The user name and the password of the database, generated in Secrets Manager."""

    username_length = asked(NUMBER, 12, "Characters of the generated user name; fixed once created", least=1, most=16)
    password_length = asked(NUMBER, 32, "Characters of the generated password; fixed once created", least=8, most=41)
    username_secret_name = name("Name of the user name's secret", SECRET)
    password_secret_name = name("Name of the password's secret", SECRET)
    existing_username_secret = optional(
        STRING, "ARN of an existing user name secret", SECRET_ARN, otherwise="a new one"
    )
    existing_password_secret = optional(STRING, "ARN of an existing password secret", SECRET_ARN, otherwise="a new one")
    db_snapshot_username = optional(
        STRING, "Master user name of the snapshot to restore, for the new secret", USERNAME, otherwise="generated"
    )
    kms_key_arn = kms_key_arn()

    def __init__(self, deletion_policy: DeletionPolicy) -> None:
        self.policy = self.variant = deletion_policy
        super().__init__()

    @resource
    def username_secret(self) -> Secret:
        # Letters only (P24): RDS takes no other first character, and URLs take no punctuation (P19).
        letters = GenerateSecretString(
            PasswordLength=self.username_length,
            ExcludeNumbers=True,
            ExcludePunctuation=True,
            RequireEachIncludedType=False,
        )
        restored = self.db_snapshot_username
        return Secret(
            "UsernameSecret",
            Name=self.username_secret_name.or_none,
            Description="User name of the database",
            KmsKeyId=self.kms_key_arn.or_none,
            SecretString=restored.or_none,
            GenerateSecretString=If(restored.given, NoValue, letters),
            Condition=self.condition("NewUsername", Equals(self.existing_username_secret, "")),
            **of_companion(self.policy),
        )

    @resource
    def password_secret(self) -> Secret:
        return Secret(
            "PasswordSecret",
            Name=self.password_secret_name.or_none,
            Description="Password of the database",
            KmsKeyId=self.kms_key_arn.or_none,
            GenerateSecretString=GenerateSecretString(PasswordLength=self.password_length, ExcludePunctuation=True),
            Condition=self.condition("NewPassword", Equals(self.existing_password_secret, "")),
            **of_companion(self.policy),
        )

    def outputs(self) -> Outputs:
        return {
            "username_arn": (
                self.existing_username_secret.otherwise(Ref(self.username_secret)),
                "ARN of the secret that holds the user name",
            ),
            "password_arn": (
                self.existing_password_secret.otherwise(Ref(self.password_secret)),
                "ARN of the secret that holds the password",
            ),
        }
