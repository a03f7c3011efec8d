"""What CloudFormation and the services say where something fails, and what to do about it.

Each row: a regular expression for what is said, what to do, and after it where that was seen said (short for issues:
tfp = hashicorp/terraform-provider-aws, cdk = aws/aws-cdk, cov = aws-cloudformation/cloudformation-coverage-roadmap).
"""

from __future__ import annotations

import re

CAUSES = [
    # What keeps a stack from being deleted, or rolled back.
    (
        "Cannot delete protected DB Instance",  # tfp#26233
        "its protection is on: `make destroy ALLOW=Batch/Database/Instance` (or Mlflow/...) turns it off",
    ),
    (
        "cannot be deleted because deletion protection is enabled",  # aws-cloudformation/rain#187
        "deploy with LbDeletionProtection=false, or `make destroy ALLOW=LoadBalancer`",
    ),
    (
        "cannot be deleted while TerminationProtection is enabled",  # ekristen/aws-nuke#821
        "aws cloudformation update-termination-protection --no-enable-termination-protection --stack-name NAME",
    ),
    (
        "cannot be deleted because it still contains images",  # brentley/appmeshworkshop#31, cov#515 (P36)
        "delete its images (aws ecr batch-delete-image), or deploy with EmptyOnDelete=true first",
    ),
    (
        "bucket you tried to delete is not empty",  # cdk#21776
        "look at what is in it; what nobody needs: aws s3 rm --recursive, and its versions in the console",
    ),
    (
        "has a dependent object",  # binxio/cfn-postgresql-user-provider#9, cov#392 (P18)
        "a network interface is still in that security group: the function's takes up to 40 minutes to go; try again",
    ),
    (
        "found existing JobQueue relationship",  # tfp#2044 (P05)
        "AWS Batch is slow to let go of a queue: try again in some minutes",
    ),
    # Names.
    (
        "requires replacing. Rename",  # convox/rack#2941 (P02)
        "a named thing cannot be replaced: give it another name, or undo the change",
    ),
    (
        "secret with this name is already scheduled for deletion",  # redpanda-data/console#1835
        "aws secretsmanager restore-secret brings it back: name it as Existing...Secret; or give another name",
    ),
    (
        "already exists|AlreadyExists",  # aws-solutions/amazon-marketing-cloud-uploader-from-aws#167 (P62, P68)
        "something has this name, maybe of an earlier stack: name it as Existing..., give another name, or delete it",
    ),
    # The account.
    (
        "Unable to assume the service linked role",  # nathanpeck/aws-cloudformation-fargate#3 (P33)
        "aws iam create-service-linked-role --aws-service-name ecs.amazonaws.com, then try again",
    ),
    (
        "security token included in the request is (expired|invalid)",  # awslabs/aws-saas-boost#295
        "your credentials ended meanwhile: log in again, and try again",
    ),
    (
        r"(not authorized to perform|AccessDenied|Access Denied)",  # aws/aws-cdk-cli#1676
        "whoever deploys, or the role that is named, lacks this permission",
    ),
    (
        "Requires capabilities",  # stacker#731 (P40)
        "give `capabilities` in samconfig.toml as it came: CAPABILITY_NAMED_IAM CAPABILITY_AUTO_EXPAND",
    ),
    (
        "quota exceeded|QuotaExceeded|LimitExceeded|exceed(s|ed)? (the|your) (limit|quota|maximum)",  # tfp#25768 (P60)
        "a quota of this account: delete what is not needed, or ask for more under Service Quotas",
    ),
    (
        "Rate exceeded|Throttling",  # serverless/serverless#8040
        "AWS was asked too much at once: try again",
    ),
    # The database.
    (
        "does not support creating a DB instance with the following combination",  # cfn-lint#4048 (P23)
        "this Region does not pair this DbInstanceClass and DbEngineVersion: change one; their defaults go together",
    ),
    (
        "Cannot find version",  # sidpalas/devops-directive-terraform-course#8 (P73)
        "aws rds describe-db-engine-versions --engine mysql lists what DbEngineVersion may be",
    ),
    (
        "Cannot upgrade mysql from|Cannot find upgrade path",  # thunderbird/appointment#725
        "RDS has taken a newer minor version by itself: give that one as DbEngineVersion",
    ),
    (
        "Invalid storage size for engine",  # aws-cloudformation-resource-providers-rds#598
        "its storage has grown by itself, and never shrinks: give what it has now as AllocatedStorage",
    ),
    (
        r"DB ?Snapshot ?Not ?Found|DBSnapshot \S+ not found",  # boto's RDS model, DBSnapshotNotFoundFault (P77)
        "aws rds describe-db-snapshots lists what DbSnapshotIdentifier may be",
    ),
    (
        "[Aa]vailability [Zz]one .*coverage requirement",  # aws-cloudformation-resource-providers-rds#189, cdk#8279
        "RdsSubnets: expected subnets in two Availability Zones or more",
    ),
    (
        "does not support DNS resolution, DNS hostnames",  # hackoregon/civic-devops#281
        "turn on DNS support and DNS host names of the VPC",
    ),
    (
        "previous storage change is being optimized",  # tfp#12493
        "RDS still works on the last change of storage, for up to a day: try again then",
    ),
    (
        "can't find the specified secret",  # cov#1187
        "the ARN of an Existing...Secret is not there, or lacks the six characters at its end",
    ),
    # The function.
    (
        "did not receive a response from your Custom Resource|Custom Resource failed to stabilize",  # cdk#2126 (P12)
        "the function reached neither S3 nor Secrets Manager, or not CloudFormation: LambdaSubnets need a way out (NAT "
        "or endpoints); its log says where it stopped",
    ),
    # MLflow's service and its load balancer.
    (
        "CannotPullContainer|ResourceInitializationError",  # aws/amazon-ecs-agent#1128 (P34)
        "EcsServiceSubnets need a way to ECR, S3, Secrets Manager and CloudWatch Logs, by NAT or endpoints",
    ),
    (
        "Deployment Circuit Breaker was triggered",  # aws/copilot-cli#5296 (P30)
        "the tasks ended by themselves or were unhealthy: the log group of MLflow's tasks says why (docs/mlflow.md)",
    ),
    (
        "does not have an associated load balancer",  # cdk#1160 (P32)
        "its listener is missing: deploy what `make build` makes, whole",
    ),
    (
        "two subnets in two different Availability Zones",  # cdk-examples#226
        "LbSubnets: expected one subnet in each of two Availability Zones or more",
    ),
    (
        "must have a fully-qualified domain name, a supported signature",  # medplum/medplum#5804
        "the certificate of the load balancer: expected one of ACM's in this Region, issued, with a domain's name",
    ),
    # Endpoints of the VPC.
    (
        "already a conflicting DNS domain",  # fortinet/fortigate-autoscale-aws#43 (P72)
        "the VPC has an endpoint of this service: `make preflight SYSTEM=endpoints` says which",
    ),
    (
        "subnets should be in different availability zones",  # terraform-aws-modules/terraform-aws-vpc#451
        "EndpointSubnets: expected one subnet in each Availability Zone",
    ),
    (
        "does not support the availability zone of the subnet",  # terraform-aws-modules/terraform-aws-vpc#785
        "EndpointSubnets: leave that subnet out; what runs in it reaches the endpoints of the other zones",
    ),
    # AWS Batch.
    (
        "Invalid IamInstanceProfile",  # Netflix/metaflow-tools#9
        "ECS instances want an instance profile's ARN, not that of its role",
    ),
    (
        "went INVALID|did not stabilize",  # cdk#20727 (P06)
        "the service could not make it: its console says why; as a rule a role, a subnet or an instance type",
    ),
]


def advice(said: str) -> str:
    """Return what to do about a cause, by the first row that knows it; empty where none does."""
    return next((remedy for pattern, remedy in CAUSES if re.search(pattern, said)), "")
