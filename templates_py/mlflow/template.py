"""How the MLflow system is wired: which nested stack gives what to which. A root of its own, or nested by the root."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from troposphere import GetAtt, If, Join

from templates_py.inputs import STRING, Like, asked, optional
from templates_py.mlflow import s3_bucket_folder
from templates_py.mlflow.autoscaling import Autoscaling
from templates_py.mlflow.basic_auth import BasicAuth
from templates_py.mlflow.container_repository import ContainerRepository
from templates_py.mlflow.load_balancing import LoadBalancing
from templates_py.mlflow.oidc import Oidc
from templates_py.mlflow.permissions import Permissions
from templates_py.mlflow.security import Security
from templates_py.mlflow.storage import Storage
from templates_py.mlflow.task_deployment import TaskDeployment
from templates_py.nesting import Nested
from templates_py.shared import of_system
from templates_py.shared.database import Database
from templates_py.shared.networking import Networking
from templates_py.shared.secrets import Secrets
from templates_py.stack import Outputs, Rules, Stack, nested

if TYPE_CHECKING:
    from templates_py import settings

# MySQL takes 64; the database of MLflow's own users has the same name and `_auth`.
NAME = Like("[A-Za-z][A-Za-z0-9_]{0,58}", "a MySQL name of up to 59 letters, digits and underscores")
TAG = Like("[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}", "an image tag of up to 128 characters")


class Mlflow(Stack):
    """Hydra's MLflow system: the tracking server on Fargate, its database and its artifacts."""

    image_tag = optional(STRING, "Tag of MLflow's image in the repository", TAG, otherwise="no service yet")
    db_default_name = asked(STRING, "mlflow", "Name of the database that is created in the instance", like=NAME)
    s3_bucket_folder = s3_bucket_folder()

    def __init__(self, settings: settings.Mlflow) -> None:
        self.settings = settings
        super().__init__()

    @nested
    def container_repository(self) -> Nested:
        return self.nest(ContainerRepository())

    @nested
    def security(self) -> Nested:
        return self.nest(Security(self.settings))

    @nested
    def networking(self) -> Nested:
        return self.nest(Networking(self.settings.deletion_policy))

    @nested
    def secrets(self) -> Nested:
        return self.nest(Secrets(self.settings.deletion_policy))

    @nested
    def storage(self) -> Nested:
        return self.nest(Storage())

    @nested
    def basic_auth(self) -> Nested | None:
        return self.nest(BasicAuth(self.settings.deletion_policy)) if self.settings.auth == "basic" else None

    @property
    def _auth_secrets(self) -> dict[str, Any]:
        return self.basic_auth.those("auth_admin_password_arn", "auth_secret_key_arn") if self.basic_auth else {}

    @nested
    def permissions(self) -> Nested:
        return self.nest(
            Permissions(self.settings),
            artifact_bucket=self.storage.s3_bucket,
            container_repository_arn=self.container_repository.container_repository_arn,
            admin_username_arn=self.secrets.username_arn,
            admin_password_arn=self.secrets.password_arn,
            **self._auth_secrets,
        )

    @nested
    def load_balancing(self) -> Nested:
        return self.nest(
            LoadBalancing(self.settings),
            mlflow_sg_id=self.security.mlflow_sg_id,
            access_log_bucket=self.storage.access_log_bucket,
        )

    @nested
    def oidc(self) -> Nested | None:
        if self.settings.auth != "oidc":
            return None
        return self.nest(Oidc(), **self.load_balancing.those("https_listener_arn", "lb_target_group_arn"))

    @nested
    def database(self) -> Nested:
        return self.nest(
            Database(self.settings.deletion_policy),
            db_default_name=self.db_default_name,
            db_username=self.secrets.username_arn,
            db_password=self.secrets.password_arn,
            db_subnet_group_name=self.networking.db_subnet_group,
            database_security_group=self.security.database_group,
        )

    @nested
    def task_deployment(self) -> Nested:
        image = Join(":", [self.container_repository.container_repository_url, self.image_tag])
        return self.nest(
            TaskDeployment(self.settings),
            docker_image=If(self.image_tag.given, image, ""),
            s3_bucket_name=self.storage.s3_bucket,
            db_host=self.database.db_host,
            db_name=self.database.db_name,
            admin_username_arn=self.secrets.username_arn,
            admin_password_arn=self.secrets.password_arn,
            task_role_arn=self.permissions.mlflow_ecs_tasks_role_arn,
            execution_role_arn=self.permissions.execution_role_arn,
            execution_role_name=self.permissions.execution_role_name,
            allowed_hosts=self.load_balancing.allowed_hosts,
            aws_lb_target_group_arn=(self.oidc or self.load_balancing).lb_target_group_arn,  # P32
            tasks_group=self.security.tasks_group,
            **self._auth_secrets,
        )

    @nested
    def autoscaling(self) -> Nested:
        return self.nest(
            Autoscaling(),
            condition=self.image_tag.given,
            server_cluster_name=self.task_deployment.ecs_cluster_name,
            ecs_service_name=self.task_deployment.ecs_service_name,
        )

    def outputs(self) -> Outputs:
        url = self.container_repository.container_repository_url
        tasks = self.task_deployment
        return {
            "tracking_uri": (self.load_balancing.tracking_uri, "Address of MLflow, for MLFLOW_TRACKING_URI"),
            "container_repository_url": (url, "URL of the container repository"),
            **self.storage.outputs(),
            "db_host": (self.database.db_host, "Host name of MLflow's database"),
            "db_instance_identifier": (self.database.db_instance_identifier, "Identifier of MLflow's database"),
            "ecs_cluster_name": (tasks.ecs_cluster_name, "Name of the ECS cluster"),
            "ecs_service_name": (self._where_running(tasks.ecs_service_name), "Name of the ECS service"),
            "task_definition_arn": (self._where_running(tasks.task_definition_arn), "ARN of the task definition"),
            "mlflow_sg_id": (self.security.mlflow_sg_id, "ID of the load balancer's security group"),
            "listener_port": (self.security.listener_port, "Port that clients speak to"),
            **self._of_clients(),
        }

    def _where_running(self, value: GetAtt) -> If:
        return If(self.image_tag.given, value, "none: ImageTag is empty")

    def _of_clients(self) -> Outputs:
        """What lets clients in, where the shape has it."""
        made = {**self._auth_secrets, **self.permissions.those("client_policy_arn")}
        said = {
            "auth_admin_password_arn": "ARN of the secret that holds the password of MLflow's user admin",
            "client_policy_arn": "ARN of the policy by which clients read and write artifacts",
        }
        return {name: (made[name], meaning) for name, meaning in said.items() if name in made}

    def rules(self) -> Rules:
        return of_system(self)
