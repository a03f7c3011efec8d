"""The roles of Batch, its instances, its jobs and the function.

They feed the compute environments, so that no role is taken away from an environment that still needs it (P06).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from awacs import secretsmanager, ssm
from troposphere import GetAtt, Join, Ref, Sub
from troposphere.iam import InstanceProfile, ManagedPolicy, Role

from templates_py.batch import tracking_uri_parameter
from templates_py.batch.rights import of_network_interfaces, of_script
from templates_py.inputs import STRING, wired
from templates_py.keys import READ, STORE, kms_key_arn, through
from templates_py.policies import (
    allow,
    attached,
    managed,
    permissions_boundary,
    policy_arns,
    role,
    role_name,
    role_path,
)
from templates_py.stack import Outputs, Stack, resource

if TYPE_CHECKING:
    from templates_py.settings import Batch


class Permissions(Stack):
    """Roles of AWS Batch, of its instances and jobs, and of the database initialiser."""

    compute_environment_service_role_name = role_name("the compute environments' service role")
    compute_environment_service_iam_policy_arn = policy_arns("the compute environments' service role")
    compute_environment_instance_role_name = role_name("the role of the compute environments' instances")
    compute_environment_instance_iam_policy_arn = policy_arns("the role of the compute environments' instances")
    lambda_service_role_name = role_name("the function's role")
    lambda_service_iam_policy_arn = policy_arns("the function's role")
    tracking_uri_parameter = tracking_uri_parameter()
    kms_key_arn = kms_key_arn()
    role_path = role_path()
    permissions_boundary = permissions_boundary()
    username_secret = wired(STRING, "ARN of the secret that holds the job database's user name")
    password_secret = wired(STRING, "ARN of the secret that holds the job database's password")
    script_bucket = wired(STRING, "Name of the bucket of the table setup script")
    script_key = wired(STRING, "Key of the table setup script")

    def __init__(self, settings: Batch) -> None:
        self.settings = settings
        super().__init__()

    @resource
    def service_role(self) -> Role | None:
        if self.settings.service_role == "service-linked":  # P04
            return None
        return role(
            "ServiceRole",
            self,
            "batch",
            role_name=self.compute_environment_service_role_name,
            policy_arns=self.compute_environment_service_iam_policy_arn,
            base=(managed("service-role/AWSBatchServiceRole"),),
        )

    @resource
    def instance_role(self) -> Role:
        return role(
            "InstanceRole",
            self,
            "ec2",
            role_name=self.compute_environment_instance_role_name,
            policy_arns=self.compute_environment_instance_iam_policy_arn,
            base=(managed("service-role/AmazonEC2ContainerServiceforEC2Role"),),
        )

    @resource
    def instance_profile(self) -> InstanceProfile:
        return InstanceProfile("InstanceProfile", Path=self.role_path, Roles=[Ref(self.instance_role)])

    @resource
    def job_role(self) -> Role | None:
        return role("JobRole", self, "ecs-tasks") if self.settings.jobs_have_a_role else None

    @resource
    def job_execution_role(self) -> Role | None:
        if not self.settings.jobs_have_an_execution_role:
            return None
        base = (managed("service-role/AmazonECSTaskExecutionRolePolicy"),)
        return role("JobExecutionRole", self, "ecs-tasks", base=base)

    @resource
    def job_execution_policy(self) -> ManagedPolicy | None:
        if not self.job_execution_role:
            return None
        parameter = Sub(
            "arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter${Name}",
            Name=self.tracking_uri_parameter,
        )
        read = allow(ssm.GetParameters, on=[parameter])
        given = self.tracking_uri_parameter.given
        return attached("JobExecutionPolicy", self, [Ref(self.job_execution_role)], read, Condition=given)

    @resource
    def lambda_service_role(self) -> Role:
        return role(
            "LambdaServiceRole",
            self,
            "lambda",
            role_name=self.lambda_service_role_name,
            policy_arns=self.lambda_service_iam_policy_arn,
        )

    @property
    def _jobs(self) -> list[Any]:
        """The roles that jobs act by (P70)."""
        instances = self.instance_role if self.settings.jobs_use_instance_role else None
        return [Ref(made) for made in (instances, self.job_role) if made]

    @resource
    def credentials(self) -> ManagedPolicy:
        read = allow(secretsmanager.GetSecretValue, on=[self.username_secret, self.password_secret])
        return attached("Credentials", self, [Ref(self.lambda_service_role), *self._jobs], read)

    @resource
    def credentials_key(self) -> ManagedPolicy:
        readers = [Ref(self.lambda_service_role), *self._jobs]
        use = through("secretsmanager", self.kms_key_arn, *READ)
        return attached("CredentialsKey", self, readers, use, Condition=self.kms_key_arn.given)

    @resource
    def lambda_service_policy(self) -> ManagedPolicy:
        rights = [*of_script(self.script_bucket, self.script_key), *of_network_interfaces()]
        return attached("LambdaServicePolicy", self, [Ref(self.lambda_service_role)], *rights)

    @resource
    def lambda_service_key(self) -> ManagedPolicy:
        use = through("s3", self.kms_key_arn, *STORE)
        given = self.kms_key_arn.given
        return attached("LambdaServiceKey", self, [Ref(self.lambda_service_role)], use, Condition=given)

    def outputs(self) -> Outputs:
        roles = {
            "compute_environment_service_role_arn": (self.service_role, "ARN of the service role"),
            "compute_environment_instance_profile_arn": (self.instance_profile, "ARN of the instance profile"),
            "lambda_service_role_arn": (self.lambda_service_role, "ARN of the function's role"),
            "job_role_arn": (self.job_role, "ARN of the jobs' own role"),
            "job_execution_role_arn": (self.job_execution_role, "ARN of the role that starts the jobs' containers"),
        }
        arns = {name: (GetAtt(made, "Arn"), meaning) for name, (made, meaning) in roles.items() if made}
        names = Join(",", self._jobs)
        return {
            **arns,
            "lambda_service_role_name": (Ref(self.lambda_service_role), "Name of the function's role"),
            "jobs_role_names": (names, "Names of the roles that jobs act by, with commas between them"),
        }
