"""The roles of Batch, its instances, its jobs and the function.

They feed the compute environments, so that no role is taken away from an environment that still needs it (P06).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from awacs import ec2, s3, secretsmanager, ssm
from awacs.aws import Condition, StringEquals
from troposphere import GetAtt, Join, Ref, Sub
from troposphere.iam import InstanceProfile, ManagedPolicy, Role

from templates_py.batch import tracking_uri_parameter
from templates_py.inputs import STRING, wired
from templates_py.keys import READ, STORE, kms_key_arn, through
from templates_py.policies import (
    allow,
    arn,
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
    from awacs.aws import Statement

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

    @property
    def _credentials(self) -> Statement:
        return allow(secretsmanager.GetSecretValue, on=[self.username_secret, self.password_secret])

    @property
    def _decrypts(self) -> Statement:
        return through("secretsmanager", self.kms_key_arn, *READ)

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
    def instance_policy(self) -> ManagedPolicy | None:
        if not self.settings.jobs_use_instance_role:  # P70
            return None
        return attached("InstancePolicy", self, [Ref(self.instance_role)], self._credentials)

    @resource
    def instance_key(self) -> ManagedPolicy | None:
        return self._key("InstanceKey", self.instance_role) if self.instance_policy else None

    def _key(self, title: str, role: Role, *more: Statement) -> ManagedPolicy:
        return attached(title, self, [Ref(role)], self._decrypts, *more, Condition=self.kms_key_arn.given)

    @resource
    def instance_profile(self) -> InstanceProfile:
        return InstanceProfile("InstanceProfile", Path=self.role_path, Roles=[Ref(self.instance_role)])

    @resource
    def job_role(self) -> Role | None:
        return role("JobRole", self, "ecs-tasks") if self.settings.jobs_have_a_role else None

    @resource
    def job_policy(self) -> ManagedPolicy | None:
        return attached("JobPolicy", self, [Ref(self.job_role)], self._credentials) if self.job_role else None

    @resource
    def job_key(self) -> ManagedPolicy | None:
        return self._key("JobKey", self.job_role) if self.job_role else None

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

    @resource
    def lambda_service_policy(self) -> ManagedPolicy:
        of_function = [Ref(self.lambda_service_role)]
        return attached(
            "LambdaServicePolicy", self, of_function, self._credentials, *self._script, *self._network_interfaces
        )

    @resource
    def lambda_service_key(self) -> ManagedPolicy:
        return self._key("LambdaServiceKey", self.lambda_service_role, through("s3", self.kms_key_arn, *STORE))

    @property
    def _script(self) -> list[Statement]:
        bucket = arn("s3", self.script_bucket)
        script = Join("/", [bucket, self.script_key])
        its_own = Condition(StringEquals({"s3:prefix": self.script_key}))
        # The listing tells an absent script from a forbidden one; the function takes its own versions away (P62).
        return [
            allow(s3.ListBucket, on=[bucket]),
            allow(s3.ListBucketVersions, on=[bucket], Condition=its_own),
            allow(s3.GetObject, s3.GetObjectVersion, s3.PutObject, s3.DeleteObjectVersion, on=[script]),
        ]

    @property
    def _network_interfaces(self) -> list[Statement]:
        """Lambda's own calls for a function in a VPC, about interfaces that do not exist yet.

        In any account, since the subnets of a shared VPC are its owner's. Source: Lambda guide, VPC permissions.
        """
        made = [ec2.CreateNetworkInterface, ec2.DeleteNetworkInterface]
        addresses = [ec2.AssignPrivateIpAddresses, ec2.UnassignPrivateIpAddresses]
        return [
            allow(*made, *addresses, on=[Sub("arn:${AWS::Partition}:ec2:${AWS::Region}:*:*/*")]),
            allow(ec2.DescribeNetworkInterfaces, ec2.DescribeSubnets, on=["*"]),  # they take no resource
        ]

    def outputs(self) -> Outputs:
        roles = {
            "compute_environment_service_role_arn": (self.service_role, "ARN of the service role"),
            "compute_environment_instance_profile_arn": (self.instance_profile, "ARN of the instance profile"),
            "lambda_service_role_arn": (self.lambda_service_role, "ARN of the function's role"),
            "job_role_arn": (self.job_role, "ARN of the jobs' own role"),
            "job_execution_role_arn": (self.job_execution_role, "ARN of the role that starts the jobs' containers"),
        }
        arns = {name: (GetAtt(made, "Arn"), meaning) for name, (made, meaning) in roles.items() if made}
        of_jobs = [self.instance_role] if self.settings.jobs_use_instance_role else []  # P70
        names = Join(",", [Ref(made) for made in (*of_jobs, self.job_role) if made])
        return {
            **arns,
            "lambda_service_role_name": (Ref(self.lambda_service_role), "Name of the function's role"),
            "jobs_role_names": (names, "Names of the roles that jobs act by, with commas between them"),
        }
