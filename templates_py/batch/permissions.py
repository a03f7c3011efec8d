"""The roles of Batch, its instances, its jobs and the function.

They feed the compute environments, so that no role is taken away from an environment that still needs it (P06).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from awacs import ec2, s3, secretsmanager, ssm
from awacs.aws import Condition, StringEquals
from troposphere import GetAtt, If, Join, NoValue, Ref, Sub
from troposphere.iam import InstanceProfile, Policy, Role

from templates_py.batch import tracking_uri_parameter
from templates_py.inputs import STRING, wired
from templates_py.keys import READ, STORE, kms_key_arn, policy_of_key, through
from templates_py.policies import (
    allow,
    arn,
    inline,
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
    from troposphere import AWSHelperFn

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
    def _credentials(self) -> list[Policy | AWSHelperFn]:
        secrets = [self.username_secret, self.password_secret]
        read = inline("DatabaseCredentials", allow(secretsmanager.GetSecretValue, on=secrets))
        return [read, policy_of_key(self.kms_key_arn, self._decrypts)]

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
            *(self._credentials if self.settings.jobs_use_instance_role else []),  # P70
            role_name=self.compute_environment_instance_role_name,
            policy_arns=self.compute_environment_instance_iam_policy_arn,
            base=(managed("service-role/AmazonEC2ContainerServiceforEC2Role"),),
        )

    @resource
    def instance_profile(self) -> InstanceProfile:
        return InstanceProfile("InstanceProfile", Path=self.role_path, Roles=[Ref(self.instance_role)])

    @resource
    def job_role(self) -> Role | None:
        return role("JobRole", self, "ecs-tasks", *self._credentials) if self.settings.jobs_have_a_role else None

    @resource
    def job_execution_role(self) -> Role | None:
        if not self.settings.jobs_have_an_execution_role:
            return None
        parameter = Sub(
            "arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter${Name}",
            Name=self.tracking_uri_parameter,
        )
        tracking_uri = inline("TrackingUri", allow(ssm.GetParameters, on=[parameter]))
        return role(
            "JobExecutionRole",
            self,
            "ecs-tasks",
            If(self.tracking_uri_parameter.given, tracking_uri, NoValue),
            base=(managed("service-role/AmazonECSTaskExecutionRolePolicy"),),
        )

    @resource
    def lambda_service_role(self) -> Role:
        return role(
            "LambdaServiceRole",
            self,
            "lambda",
            self._credentials[0],
            self._script,
            policy_of_key(self.kms_key_arn, self._decrypts, through("s3", self.kms_key_arn, *STORE)),
            self._network_interfaces,
            role_name=self.lambda_service_role_name,
            policy_arns=self.lambda_service_iam_policy_arn,
        )

    @property
    def _script(self) -> Policy:
        bucket = arn("s3", self.script_bucket)
        script = Join("/", [bucket, self.script_key])
        its_own = Condition(StringEquals({"s3:prefix": self.script_key}))
        # The listing tells an absent script from a forbidden one; the function takes its own versions away (P62).
        return inline(
            "TableSetupScript",
            allow(s3.ListBucket, on=[bucket]),
            allow(s3.ListBucketVersions, on=[bucket], Condition=its_own),
            allow(s3.GetObject, s3.GetObjectVersion, s3.PutObject, s3.DeleteObjectVersion, on=[script]),
        )

    @property
    def _network_interfaces(self) -> Policy:
        # Lambda's own calls for a function in a VPC, about interfaces that do not exist yet.
        return inline(
            "NetworkInterfaces",
            allow(
                ec2.CreateNetworkInterface,
                ec2.DescribeNetworkInterfaces,
                ec2.DescribeSubnets,
                ec2.DeleteNetworkInterface,
                ec2.AssignPrivateIpAddresses,
                ec2.UnassignPrivateIpAddresses,
                on=["*"],
            ),
        )

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
