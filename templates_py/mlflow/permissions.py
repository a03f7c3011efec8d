"""The task role and the execution role: what MLflow itself may do, what starting it needs, and its clients' policy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from awacs import ecr, s3, secretsmanager
from troposphere import GetAtt, Join, Ref
from troposphere.iam import ManagedPolicy, Role

from templates_py.buckets import in_folder
from templates_py.inputs import STRING, wired
from templates_py.keys import READ, STORE, kms_key_arn, policy_of_key, through, with_key
from templates_py.mlflow import s3_bucket_folder
from templates_py.policies import (
    allow,
    arn,
    inline,
    permissions_boundary,
    policy_arns,
    role,
    role_name,
    role_path,
)
from templates_py.stack import Outputs, Stack, resource

if TYPE_CHECKING:
    from awacs.aws import Statement

    from templates_py.settings import Mlflow


class Permissions(Stack):
    """Roles of MLflow's tasks, and what its clients may do."""

    mlflow_ecs_tasks_role = role_name("the tasks' role")
    ecs_task_iam_policy_arn = policy_arns("the tasks' role")
    role_path = role_path()
    permissions_boundary = permissions_boundary()
    kms_key_arn = kms_key_arn()
    s3_bucket_folder = s3_bucket_folder()
    artifact_bucket = wired(STRING, "Name of the artifact bucket")
    container_repository_arn = wired(STRING, "ARN of the container repository")
    admin_username_arn = wired(STRING, "ARN of the secret that holds the admin user name")
    admin_password_arn = wired(STRING, "ARN of the secret that holds the admin password")
    auth_admin_password_arn = wired(STRING, "ARN of the secret that holds the password of MLflow's user admin")
    auth_secret_key_arn = wired(STRING, "ARN of the secret that holds the key of MLflow's sessions")

    def __init__(self, settings: Mlflow) -> None:
        self.basic, self.direct = settings.auth == "basic", settings.artifacts == "direct"
        super().__init__()

    @resource
    def task_role(self) -> Role:
        bucket = arn("s3", self.artifact_bucket)
        objects = [s3.GetObject, s3.PutObject, s3.DeleteObject, s3.AbortMultipartUpload]
        # Who may list no more than the folder is told that an artifact is forbidden where it is not there.
        artifacts = inline(
            "Artifacts",
            allow(s3.ListBucket, on=[bucket]),
            allow(*objects, on=[Join("", [bucket, "/", self.s3_bucket_folder, "/*"])]),
        )
        return role(
            "TaskRole",
            self,
            "ecs-tasks",
            artifacts,
            policy_of_key(self.kms_key_arn, self._stores),
            role_name=self.mlflow_ecs_tasks_role,
            policy_arns=self.ecs_task_iam_policy_arn,
        )

    @resource
    def execution_role(self) -> Role:
        pull = [ecr.BatchCheckLayerAvailability, ecr.BatchGetImage, ecr.GetDownloadUrlForLayer]
        secrets = [self.admin_username_arn, self.admin_password_arn]
        if self.basic:
            secrets += [self.auth_admin_password_arn, self.auth_secret_key_arn]
        start = inline(
            "Start",
            allow(ecr.GetAuthorizationToken, on=["*"]),  # takes no resource
            allow(*pull, on=[self.container_repository_arn]),
            allow(secretsmanager.GetSecretValue, on=secrets),
        )
        key = policy_of_key(self.kms_key_arn, through("secretsmanager", self.kms_key_arn, *READ))
        return role("ExecutionRole", self, "ecs-tasks", start, key)

    @property
    def _stores(self) -> Statement:
        return through("s3", self.kms_key_arn, *STORE)

    @resource
    def client_policy(self) -> ManagedPolicy | None:
        """For whoever logs artifacts without the server between; it is attached to nobody here."""
        if not self.direct:
            return None
        return ManagedPolicy(
            "ClientPolicy",
            Description="Read and write MLflow's artifacts",
            Path=self.role_path,
            PolicyDocument=with_key(
                self.kms_key_arn, self._stores, *in_folder(self.artifact_bucket, self.s3_bucket_folder)
            ),
        )

    def outputs(self) -> Outputs:
        return {
            "mlflow_ecs_tasks_role_arn": (GetAtt(self.task_role, "Arn"), "ARN of the tasks' role"),
            "execution_role_arn": (GetAtt(self.execution_role, "Arn"), "ARN of the role that starts the tasks"),
            "execution_role_name": (Ref(self.execution_role), "Name of the role that starts the tasks"),
            **self._of_clients(),
        }

    def _of_clients(self) -> Outputs:
        policy = self.client_policy
        said = "ARN of the policy by which clients read and write artifacts"
        return {"client_policy_arn": (Ref(policy), said)} if policy else {}
