"""The ECS cluster, MLflow's task definition and the service that runs it.

Without an image there is no service: the first deployment would wait for hours on an empty repository (P29).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from awacs import logs
from troposphere import GetAtt, Join, Ref, ecs
from troposphere.iam import PolicyType
from troposphere.logs import LogGroup

from templates_py.fargate import CPU, sizes_fit
from templates_py.groups import further_groups
from templates_py.inputs import NUMBER, STRING, SUBNETS, Like, asked, name, optional, wired
from templates_py.keys import kms_key_arn
from templates_py.mlflow import CONTAINER_PORT, s3_bucket_folder
from templates_py.mlflow.containers import migration, server
from templates_py.mlflow.service import rolling_service
from templates_py.policies import allow, attached
from templates_py.shared import db_port, log_group, log_retention
from templates_py.stack import Outputs, Rules, Stack, resource

if TYPE_CHECKING:
    from templates_py.settings import Mlflow

NAME = Like("[A-Za-z0-9_-]{1,255}", "up to 255 letters, digits, hyphens and underscores")
LOG_GROUP = Like("[A-Za-z0-9_./#-]{1,512}", "a log group's name of up to 512 characters")
WORKERS = Like("[1-9]|[1-5][0-9]|6[0-4]", "a number from 1 to 64")


class TaskDeployment(Stack):
    """MLflow's ECS cluster, task definition and service."""

    ecs_service_subnets = asked(SUBNETS, None, "Subnets of the tasks: private, with a way to AWS's endpoints")
    ecs_service_security_groups = further_groups("the tasks")
    mlflow_server_cluster = name("Name of the ECS cluster", NAME)
    ecs_service_name = name("Name of the ECS service", NAME)
    mlflow_ecs_task_family = name("Family of the task definition", NAME)
    container_name = asked(STRING, "mlflow", "Name of the container", like=NAME)
    cloudwatch_log_group = name("Name of the tasks' log group", LOG_GROUP)
    log_retention = log_retention()
    kms_key_arn = kms_key_arn()
    task_cpu = asked(NUMBER, 1024, "CPU of a task, 1024 is one vCPU", unit="CPU units", allowed=CPU)
    # P56: two idle workers take about 600 MiB, 29 % of these, so that memory's target of 75 % scales in again too.
    task_memory = asked(NUMBER, 2048, "Memory of a task, one that TaskCpu allows", unit="MiB", least=512, most=122880)
    workers = optional(STRING, "Worker processes of a task", WORKERS, otherwise="as TaskCpu and TaskMemory allow")
    tmp_size = asked(NUMBER, 1024, "Part of TaskMemory that artifacts pass whole", unit="MiB", least=256, most=61440)
    s3_bucket_folder = s3_bucket_folder()
    db_port = db_port()
    docker_image = wired(STRING, "Image that the tasks run; empty: no service")
    s3_bucket_name = wired(STRING, "Name of the artifact bucket")
    db_host = wired(STRING, "Host name of the database")
    db_name = wired(STRING, "Name of the database")
    admin_username_arn = wired(STRING, "ARN of the secret that holds the admin user name")
    admin_password_arn = wired(STRING, "ARN of the secret that holds the admin password")
    auth_admin_password_arn = wired(STRING, "ARN of the secret that holds the password of MLflow's user admin")
    auth_secret_key_arn = wired(STRING, "ARN of the secret that holds the key of MLflow's sessions")
    task_role_arn = wired(STRING, "ARN of the tasks' role")
    execution_role_arn = wired(STRING, "ARN of the role that starts the tasks")
    execution_role_name = wired(STRING, "Name of the role that starts the tasks")
    allowed_hosts = wired(STRING, "Host names that MLflow is called by")
    aws_lb_target_group_arn = wired(STRING, "ARN of the load balancer's target group")
    tasks_group = wired(STRING, "ID of the tasks' own security group")

    def __init__(self, settings: Mlflow) -> None:
        self.auth, self.artifacts = settings.auth, settings.artifacts
        super().__init__()

    @resource
    def cluster(self) -> ecs.Cluster:
        insights = ecs.ClusterSetting(Name="containerInsights", Value="enabled")
        return ecs.Cluster("Cluster", ClusterName=self.mlflow_server_cluster.or_none, ClusterSettings=[insights])

    @resource
    def log_group(self) -> LogGroup:
        name = self.cloudwatch_log_group.or_none
        return log_group("LogGroup", self.log_retention, self.kms_key_arn, LogGroupName=name)

    @resource
    def log_policy(self) -> PolicyType:
        streams = GetAtt(self.log_group, "Arn")  # ends in :*, its streams
        write = allow(logs.CreateLogStream, logs.PutLogEvents, on=[streams])
        return attached("LogPolicy", [self.execution_role_name], "Logs", write)

    @resource
    def task_definition(self) -> ecs.TaskDefinition:
        return ecs.TaskDefinition(
            "TaskDefinition",
            Family=self.mlflow_ecs_task_family.or_none,
            RequiresCompatibilities=["FARGATE"],
            NetworkMode="awsvpc",
            Cpu=self.task_cpu,
            Memory=self.task_memory,
            RuntimePlatform=ecs.RuntimePlatform(CpuArchitecture="X86_64", OperatingSystemFamily="LINUX"),
            TaskRoleArn=self.task_role_arn,
            ExecutionRoleArn=self.execution_role_arn,
            ContainerDefinitions=[migration(**self._task), server(self.container_name, **self._task)],
            Condition=self.docker_image.given,
            DependsOn=[self.log_policy.title],
        )

    @property
    def _task(self) -> dict[str, Any]:
        """What both containers run with."""
        environment = {
            "DB_HOST": self.db_host,
            "DB_PORT": self.db_port,
            "DB_NAME": self.db_name,
            "ARTIFACT_ROOT": Join("/", ["s3:/", self.s3_bucket_name, self.s3_bucket_folder]),
            "ALLOWED_HOSTS": self.allowed_hosts,  # P26
            "PORT": str(CONTAINER_PORT),
            "TASK_CPU": self.task_cpu,
            "TASK_MEMORY": self.task_memory,
            "WORKERS": self.workers,
            "AUTH": self.auth,
            "ARTIFACTS": self.artifacts,
        }
        return {
            "image": self.docker_image,
            "environment": environment,
            "secrets": self._secrets,
            "log_group": Ref(self.log_group),
            "tmp_size": self.tmp_size if self.artifacts == "proxied" else 256,
        }

    @property
    def _secrets(self) -> dict[str, Any]:
        secrets = {"DB_USERNAME": self.admin_username_arn, "DB_PASSWORD": self.admin_password_arn}
        if self.auth == "basic":
            secrets["AUTH_ADMIN_PASSWORD"] = self.auth_admin_password_arn
            secrets["AUTH_SECRET_KEY"] = self.auth_secret_key_arn
        return secrets

    @resource
    def service(self) -> ecs.Service:
        return rolling_service(
            "Service",
            ServiceName=self.ecs_service_name.or_none,
            Cluster=Ref(self.cluster),
            TaskDefinition=Ref(self.task_definition),
            container=self.container_name,
            target_group=self.aws_lb_target_group_arn,
            subnets=self.ecs_service_subnets,
            security_groups=self.ecs_service_security_groups.besides(self.tasks_group),
            Condition=self.docker_image.given,
        )

    def rules(self) -> Rules:
        return sizes_fit(self.task_cpu, self.task_memory)

    def outputs(self) -> Outputs:
        image = self.docker_image.given
        return {
            "ecs_cluster_name": (Ref(self.cluster), "Name of the ECS cluster"),
            "ecs_service_name": (GetAtt(self.service, "Name"), "Name of the ECS service", image),
            "task_definition_arn": (Ref(self.task_definition), "ARN of the task definition's revision", image),
        }
