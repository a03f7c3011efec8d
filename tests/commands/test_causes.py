"""What is known of causes: each row against what AWS has said to somebody, quoted from the issue that it names."""

from __future__ import annotations

import re

import pytest

from commands.causes import CAUSES, advice

SAID = [
    "InvalidParameterCombination: Cannot delete protected DB Instance, please disable deletion protection and try "
    "again.",
    "Load balancer 'arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/ecs-c-LoadB-2GALVJMRB92E/"
    "bb4b0a6ad4280345' cannot be deleted because deletion protection is enabled (Service: AmazonElasticLoadBalancing; "
    "Status Code: 400; Error Code: OperationNotPermitted; Request ID: ddb822e3-df38-43d0-aaf4-519896162eed)",
    "ValidationError: Stack [eksctl-unique-wardrobe-1764939855-cluster] cannot be deleted while TerminationProtection "
    "is enabled",
    "The repository with name 'appme-cryst-1ohx2vfar9cxh' in registry with id '991225764181' cannot be deleted because "
    "it still contains images (Service: AmazonECR; Status Code: 400; Error Code: RepositoryNotEmptyException)",
    "The bucket you tried to delete is not empty (Service: Amazon S3; Status Code: 409; Error Code: BucketNotEmpty; "
    "Request ID: 13B5WKE8TCT9VS8K)",
    "resource sg-0b8b2fcf05a0509b6 has a dependent object (Service: AmazonEC2; Status Code: 400; Error Code: "
    "DependencyViolation; Request ID: b4bd0dec-0300-42c1-bccc-c7ea5093ba1a)",
    "Cannot delete, found existing JobQueue relationship",
    "CloudFormation cannot update a stack when a custom-named resource requires replacing. Rename apirdsdb and update "
    "the stack again.",
    "InvalidRequestException: You can't create this secret because a secret with this name is already scheduled for "
    "deletion.",
    "Resource handler returned message: \"Resource of type 'AWS::Logs::LogGroup' with identifier '{\"/properties/"
    'LogGroupName":"cfndeployment-log-group"}\' already exists." (RequestToken: 34d4fe5b-3fc0-5ef1-a357-'
    "48740bb4c641, HandlerErrorCode: AlreadyExists)",
    'Resource handler returned message: "Unable to assume the service linked role. Please verify that the ECS service '
    'linked role exists. (Service: AmazonECS; Status Code: 400; Error Code: InvalidParameterException)"',
    "The security token included in the request is expired",
    "User: arn:aws:iam::123456789012:user/somebody is not authorized to perform: ssm:GetParameters on resource: "
    "arn:aws:ssm:us-east-1:123456789012:parameter/x because no identity-based policy allows the ssm:GetParameters "
    "action",
    "An error occurred (InsufficientCapabilitiesException) when calling the CreateStack operation: Requires "
    "capabilities : [CAPABILITY_AUTO_EXPAND]",
    "Error creating DB Instance: InstanceQuotaExceeded: DB Instance quota exceeded",
    "Rate exceeded for operation 'Rate exceeded (Service: Lambda, Status Code: 429, Request ID: b8b7796b-e9d7-4c84-"
    "9615-7d2a98c1c85b, Extended Request ID: null)'",
    'Resource handler returned message: "RDS does not support creating a DB instance with the following combination: '
    "DBInstanceClass=db.t2.small, Engine=mysql, EngineVersion=8.0.39, LicenseModel=general-public-license. For "
    'supported combinations of instance class and database engine version, see the documentation."',
    "Error creating DB Instance: InvalidParameterCombination: Cannot find version 9.5 for postgres",
    "api error InvalidParameterCombination: Cannot upgrade mysql from 8.0.35 to 8.0.32",
    'Resource handler returned message: "Invalid storage size for engine name mysql and storage type gp3: 100 '
    '(Service: Rds, Status Code: 400)" (RequestToken: x, HandlerErrorCode: InvalidRequest)',
    "DBSnapshotNotFoundFault: DBSnapshot hydra-final not found",
    "The DB subnet group doesn't meet Availability Zone (AZ) coverage requirement. Current AZ coverage: eu-central-1c. "
    "Add subnets to cover at least 2 AZs.",
    "Cannot create a publicly accessible DBInstance. The specified VPC does not support DNS resolution, DNS hostnames, "
    "or both. Update the VPC and then try again (Service: AmazonRDS; Status Code: 400; Error Code: "
    "InvalidVPCNetworkStateFault",
    "InvalidParameterCombination: You can't currently modify the storage of this DB instance because the previous "
    "storage change is being optimized.",
    "Secrets Manager can't find the specified secret. (Service: AWSSecretsManager; Status Code: 400; Error Code: "
    "ResourceNotFoundException;",
    "CloudFormation did not receive a response from your Custom Resource. Please check your logs for requestId "
    "[2cceedaf-dbdb-4ed9-95ba-10cb948ce3ea].",
    "CannotPullContainerError: API error (500): Get https://123456789012.dkr.ecr.us-east-1.amazonaws.com/v2/: net/http"
    ": request canceled while waiting for connection (Client.Timeout exceeded while awaiting headers)",
    "Resource handler returned message: \"Error occurred during operation 'ECS Deployment Circuit Breaker was "
    "triggered'.\" (RequestToken: a3ab2120-1821-f83c-3adc-23d519cacdfe, HandlerErrorCode: GeneralServiceException)",
    "The target group with targetGroupArn arn:aws:elasticloadbalancing:us-east-1:209640446841:targetgroup/greet-inter-"
    "7A1DWCFAH8FU/c4bab708f6cad935 does not have an associated load balancer. (Service: AmazonECS; Status Code: 400;",
    "At least two subnets in two different Availability Zones must be specified (Service: AmazonElasticLoadBalancingV2;"
    " Status Code: 400; Error Code: ValidationError; Request ID: 932b66c-04c3-451e-b139-50e38043b6e5)",
    "UnsupportedCertificate: The certificate 'arn:aws:acm:us-west-1:153891904029:certificate/350a08d7-e86f-4180-91fc-"
    "e63dcdb8e592' must have a fully-qualified domain name, a supported signature, and a supported key size.",
    "private-dns-enabled cannot be set because there is already a conflicting DNS domain for *.execute-api.us-east-1."
    "amazonaws.com in the VPC",
    "Found another VPC endpoint subnet in the availability zone of subnet-0a1b2c3d. VPC endpoint subnets should be in "
    "different availability zones supported by the VPC endpoint service. (Service: AmazonEC2; Status Code: 400; Error "
    "Code: DuplicateSubnetsInSameZone",
    "Error creating VPC Endpoint: InvalidParameter: The VPC endpoint service com.amazonaws.us-east-1.email-smtp does "
    "not support the availability zone of the subnet: subnet-aaa95e696bd9df088.",
    "Operation failed, ComputeEnvironment went INVALID with error: CLIENT_ERROR - Invalid IamInstanceProfile: "
    "ecsInstanceRole",
    "Resource handler returned message: \"Resource of type 'AWS::Batch::ComputeEnvironment' with identifier "
    "'arn:aws:batch:ap-northeast-1:123456789012:compute-environment/dev-data-test-batch' did not stabilize.\" "
    "(RequestToken: x, HandlerErrorCode: NotStabilized)",
]


@pytest.mark.parametrize(("row", "said"), [*enumerate(SAID)])
def test_each_row_is_the_first_that_knows_what_was_said(row: int, said: str) -> None:
    assert next(place for place, (pattern, _) in enumerate(CAUSES) if re.search(pattern, said)) == row
    assert advice(said) == CAUSES[row][1]


def test_all_of_them_were_said() -> None:
    assert len(SAID) == len(CAUSES)


def test_one_that_is_not_known_has_no_advice() -> None:
    assert advice("Resource handler returned message: something new") == ""
