"""What MLflow's own users begin with: the password of its user `admin`, and the key that signs sessions.

A stack of its own, since the execution role reads both secrets; there is one only with `auth = "basic"`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from troposphere import Ref
from troposphere.secretsmanager import GenerateSecretString, Secret

from templates_py.keys import kms_key_arn
from templates_py.shared import of_companion
from templates_py.stack import Outputs, Stack, resource

if TYPE_CHECKING:
    from templates_py.settings import DeletionPolicy


class BasicAuth(Stack):
    """The password of MLflow's user admin and the key of its sessions, generated in Secrets Manager."""

    kms_key_arn = kms_key_arn()

    def __init__(self, deletion_policy: DeletionPolicy) -> None:
        self.policy = deletion_policy  # the database has the user, so what becomes of it becomes of the secrets (P63)
        super().__init__()

    @resource
    def admin_password(self) -> Secret:
        return self._generated("AdminPassword", "Password of MLflow's user admin", length=32)

    @resource
    def secret_key(self) -> Secret:
        """One for all tasks: a form that one of them has handed out may come back to another."""
        return self._generated("SecretKey", "Key that signs MLflow's sessions", length=64)

    def _generated(self, title: str, description: str, length: int) -> Secret:
        # Literals, for good: another length would make another value (P61).
        return Secret(
            title,
            Description=description,
            KmsKeyId=self.kms_key_arn.or_none,
            GenerateSecretString=GenerateSecretString(PasswordLength=length, ExcludePunctuation=True),
            **of_companion(self.policy),
        )

    def outputs(self) -> Outputs:
        return {
            "auth_admin_password_arn": (
                Ref(self.admin_password),
                "ARN of the secret that holds the password of MLflow's user admin",
            ),
            "auth_secret_key_arn": (Ref(self.secret_key), "ARN of the secret that holds the key of MLflow's sessions"),
        }
