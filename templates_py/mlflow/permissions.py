"""The task role and the execution role: what MLflow itself may do, and what starting it needs."""

from __future__ import annotations

from awacs import ecr, s3, secretsmanager
from troposphere import GetAtt, Join, Ref
from troposphere.iam import Role

from templates_py.inputs import STRING, wired
from templates_py.policies import allow, arn, inline, permissions_boundary, policy_arns, role, role_name, role_path
from templates_py.stack import Outputs, Stack, resource


class Permissions(Stack):
    """Roles of MLflow's tasks."""

    mlflow_ecs_tasks_role = role_name("the tasks' role")
    ecs_task_iam_policy_arn = policy_arns("the tasks' role")
    role_path = role_path()
    permissions_boundary = permissions_boundary()
    artifact_bucket = wired(STRING, "Name of the artifact bucket")
    container_repository_arn = wired(STRING, "ARN of the container repository")
    admin_username_arn = wired(STRING, "ARN of the secret that holds the admin user name")
    admin_password_arn = wired(STRING, "ARN of the secret that holds the admin password")

    @resource
    def task_role(self) -> Role:
        bucket = arn("s3", self.artifact_bucket)
        objects = [s3.GetObject, s3.PutObject, s3.DeleteObject, s3.AbortMultipartUpload, s3.ListMultipartUploadParts]
        artifacts = inline(
            "Artifacts",
            allow(s3.ListBucket, s3.GetBucketLocation, s3.ListBucketMultipartUploads, on=[bucket]),
            allow(*objects, on=[Join("", [bucket, "/*"])]),
        )
        return role(
            "TaskRole",
            self,
            "ecs-tasks",
            artifacts,
            role_name=self.mlflow_ecs_tasks_role,
            policy_arns=self.ecs_task_iam_policy_arn,
        )

    @resource
    def execution_role(self) -> Role:
        pull = [ecr.BatchCheckLayerAvailability, ecr.BatchGetImage, ecr.GetDownloadUrlForLayer]
        start = inline(
            "Start",
            allow(ecr.GetAuthorizationToken, on=["*"]),  # takes no resource
            allow(*pull, on=[self.container_repository_arn]),
            allow(secretsmanager.GetSecretValue, on=[self.admin_username_arn, self.admin_password_arn]),
        )
        return role("ExecutionRole", self, "ecs-tasks", start)

    def outputs(self) -> Outputs:
        return {
            "mlflow_ecs_tasks_role_arn": (GetAtt(self.task_role, "Arn"), "ARN of the tasks' role"),
            "execution_role_arn": (GetAtt(self.execution_role, "Arn"), "ARN of the role that starts the tasks"),
            "execution_role_name": (Ref(self.execution_role), "Name of the role that starts the tasks"),
        }
