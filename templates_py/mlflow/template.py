"""How the MLflow system is wired: which nested stack gives what to which. A root of its own, or nested by the root."""

from __future__ import annotations

from typing import TYPE_CHECKING

from troposphere import If, Join

from templates_py.inputs import STRING, Like, asked, optional
from templates_py.mlflow.autoscaling import Autoscaling
from templates_py.mlflow.container_repository import ContainerRepository
from templates_py.mlflow.load_balancing import LoadBalancing
from templates_py.mlflow.permissions import Permissions
from templates_py.mlflow.security import Security
from templates_py.mlflow.storage import Storage
from templates_py.mlflow.task_deployment import TaskDeployment
from templates_py.nesting import Nested
from templates_py.shared import of_system
from templates_py.shared.database import NAME, Database
from templates_py.shared.networking import Networking
from templates_py.shared.secrets import Secrets
from templates_py.stack import Outputs, Rules, Stack, nested

if TYPE_CHECKING:
    from templates_py import settings

TAG = Like("[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}", "an image tag of up to 128 characters")


class Mlflow(Stack):
    """Hydra's MLflow system: the tracking server on Fargate, its database and its artifacts."""

    image_tag = optional(STRING, "Tag of MLflow's image in the repository", TAG, otherwise="no service yet")
    db_default_name = asked(STRING, "mlflow", "Name of the database that is created in the instance", like=NAME)

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
    def permissions(self) -> Nested:
        return self.nest(
            Permissions(),
            artifact_bucket=self.storage.s3_bucket,
            container_repository_arn=self.container_repository.container_repository_arn,
            admin_username_arn=self.secrets.username_arn,
            admin_password_arn=self.secrets.password_arn,
        )

    @nested
    def load_balancing(self) -> Nested:
        return self.nest(LoadBalancing(self.settings.internet_facing), mlflow_sg_id=self.security.mlflow_sg_id)

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
            TaskDeployment(),
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
            aws_lb_target_group_arn=self.load_balancing.lb_target_group_arn,
            tasks_group=self.security.tasks_group,
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
        service = If(self.image_tag.given, self.task_deployment.ecs_service_name, "none: ImageTag is empty")
        return {
            "tracking_uri": (self.load_balancing.tracking_uri, "Address of MLflow, for MLFLOW_TRACKING_URI"),
            "container_repository_url": (url, "URL of the container repository"),
            "s3_bucket": (self.storage.s3_bucket, "Name of the artifact bucket"),
            "db_host": (self.database.db_host, "Host name of MLflow's database"),
            "ecs_cluster_name": (self.task_deployment.ecs_cluster_name, "Name of the ECS cluster"),
            "ecs_service_name": (service, "Name of the ECS service"),
            "mlflow_sg_id": (self.security.mlflow_sg_id, "ID of the load balancer's security group"),
            "listener_port": (self.security.listener_port, "Port that clients speak to"),
        }

    def rules(self) -> Rules:
        return of_system(self)
