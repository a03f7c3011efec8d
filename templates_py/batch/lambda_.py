"""The database initialiser: the function and its log group.

It needs no database, so it is made while the database is; what triggers it is `lambda_invocation`.
"""

from __future__ import annotations

from awacs import logs
from troposphere import GetAtt, Ref
from troposphere.awslambda import LoggingConfig, VPCConfig
from troposphere.iam import PolicyType
from troposphere.logs import LogGroup
from troposphere.serverless import Function

from templates_py.groups import further_groups
from templates_py.inputs import NUMBER, STRING, SUBNETS, Like, asked, name, wired
from templates_py.keys import kms_key_arn
from templates_py.policies import allow, attached
from templates_py.shared import log_group, log_retention
from templates_py.stack import Outputs, Stack, resource

NAME = Like("[A-Za-z0-9_-]{1,64}", "a function's name of up to 64 letters, digits, hyphens, underscores")


class JsonLogging(LoggingConfig):
    """troposphere 4.11.1 does not know LogFormat (P76)."""

    props = {**LoggingConfig.props, "LogFormat": (str, False)}


class Lambda(Stack):
    """The database initialiser's function and its log group."""

    lambda_subnets = asked(SUBNETS, None, "Subnets of the function: private, with a way to S3 and Secrets Manager")
    lambda_function_name = name("Name of the function", NAME)
    lambda_function_timeout = asked(NUMBER, 900, "Timeout of the function", unit="seconds", least=60, most=900)
    lambda_security_group_ids = further_groups("the function")
    log_retention = log_retention()
    kms_key_arn = kms_key_arn()
    function_group = wired(STRING, "ID of the function's own security group")
    lambda_service_role_arn = wired(STRING, "ARN of the function's role")
    lambda_service_role_name = wired(STRING, "Name of the function's role")

    def __init__(self, code_uri: str) -> None:
        self.code_uri = code_uri
        super().__init__()
        self.template.set_transform("AWS::Serverless-2016-10-31")

    @resource
    def log_group(self) -> LogGroup:
        return log_group("LogGroup", self.log_retention, self.kms_key_arn)

    @resource
    def log_policy(self) -> PolicyType:
        """The function writes to its own log group, and may make none (P68)."""
        streams = GetAtt(self.log_group, "Arn")  # ends in :*, its streams
        return attached(
            "LogPolicy",
            [self.lambda_service_role_name],
            "Logs",
            allow(logs.CreateLogStream, logs.PutLogEvents, on=[streams]),
        )

    @resource
    def db_init(self) -> Function:
        return Function(
            "DbInit",
            FunctionName=self.lambda_function_name.or_none,
            Description="Runs the table setup script against the job database",
            CodeUri=self.code_uri,
            Handler="app.lambda_handler",
            Runtime="python3.13",
            Architectures=["x86_64"],
            MemorySize=512,
            Timeout=self.lambda_function_timeout,
            Role=self.lambda_service_role_arn,
            KmsKeyArn=self.kms_key_arn.or_none,
            VpcConfig=VPCConfig(
                SubnetIds=self.lambda_subnets,
                SecurityGroupIds=self.lambda_security_group_ids.besides(self.function_group),
            ),
            LoggingConfig=JsonLogging(LogGroup=Ref(self.log_group), LogFormat="JSON"),
            Metadata={"BuildMethod": "makefile"},
            DependsOn=[self.log_policy.title],
        )

    def outputs(self) -> Outputs:
        return {"function_arn": (GetAtt(self.db_init, "Arn"), "ARN of the database initialiser's function")}
