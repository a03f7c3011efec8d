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
from templates_py.shared import of_system
from templates_py.shared.database import NAME, Database
from templates_py.shared.networking import Networking
from templates_py.shared.secrets import Secrets
from templates_py.stack import Outputs, Rules, Stack

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

    def wire(self) -> Outputs:
        of = self.settings
        repository = self.nest(ContainerRepository())
        security = self.nest(Security(of))
        networking = self.nest(Networking(of.deletion_policy))
        secrets = self.nest(Secrets(of.deletion_policy))
        storage = self.nest(Storage())
        permissions = self.nest(
            Permissions(),
            artifact_bucket=storage.s3_bucket,
            container_repository_arn=repository.container_repository_arn,
            admin_username_arn=secrets.username_arn,
            admin_password_arn=secrets.password_arn,
        )
        balancer = self.nest(LoadBalancing(of.internet_facing), mlflow_sg_id=security.mlflow_sg_id)
        database = self.nest(
            Database(of.deletion_policy),
            db_default_name=self.db_default_name,
            db_username=secrets.username_arn,
            db_password=secrets.password_arn,
            db_subnet_group_name=networking.db_subnet_group,
            database_security_group=security.database_group,
        )
        image = Join(":", [repository.container_repository_url, self.image_tag])
        tasks = self.nest(
            TaskDeployment(),
            docker_image=If(self.image_tag.given, image, ""),
            s3_bucket_name=storage.s3_bucket,
            db_host=database.db_host,
            db_name=database.db_name,
            admin_username_arn=secrets.username_arn,
            admin_password_arn=secrets.password_arn,
            task_role_arn=permissions.mlflow_ecs_tasks_role_arn,
            execution_role_arn=permissions.execution_role_arn,
            execution_role_name=permissions.execution_role_name,
            allowed_hosts=balancer.allowed_hosts,
            aws_lb_target_group_arn=balancer.lb_target_group_arn,
            tasks_group=security.tasks_group,
        )
        self.nest(
            Autoscaling(),
            condition=self.image_tag.given,
            server_cluster_name=tasks.ecs_cluster_name,
            ecs_service_name=tasks.ecs_service_name,
        )
        service = If(self.image_tag.given, tasks.ecs_service_name, "none: ImageTag is empty")
        return {
            "tracking_uri": (balancer.tracking_uri, "Address of MLflow, for MLFLOW_TRACKING_URI"),
            "container_repository_url": (repository.container_repository_url, "URL of the container repository"),
            "s3_bucket": (storage.s3_bucket, "Name of the artifact bucket"),
            "db_host": (database.db_host, "Host name of MLflow's database"),
            "ecs_cluster_name": (tasks.ecs_cluster_name, "Name of the ECS cluster"),
            "ecs_service_name": (service, "Name of the ECS service"),
            "mlflow_sg_id": (security.mlflow_sg_id, "ID of the load balancer's security group"),
            "listener_port": (security.listener_port, "Port that clients speak to"),
        }

    def rules(self) -> Rules:
        return of_system(self)
