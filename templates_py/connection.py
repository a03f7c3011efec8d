"""What joins the two systems where both run: jobs find MLflow, may reach it, and may store artifacts.

A stack of its own, since an output that crossed between the systems would make one wait for all of the other (P75).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from troposphere.ec2 import SecurityGroupIngress
from troposphere.iam import PolicyType
from troposphere.ssm import Parameter

from templates_py.buckets import in_folder
from templates_py.groups import let_in
from templates_py.inputs import NUMBER, STRING, STRINGS, wired
from templates_py.keys import STORE, kms_key_arn, through
from templates_py.policies import attached
from templates_py.stack import Stack, resource

if TYPE_CHECKING:
    from templates_py.settings import Mlflow


class Connection(Stack):
    """The way from Batch's jobs to MLflow."""

    tracking_uri_parameter = wired(STRING, "Name of the SSM parameter, which job definitions read")
    tracking_uri = wired(STRING, "Address of MLflow")
    compute_environment_group = wired(STRING, "ID of the jobs' security group")
    mlflow_sg_id = wired(STRING, "ID of the load balancer's security group")
    listener_port = wired(NUMBER, "Port that clients speak to")
    jobs_role_names = wired(STRINGS, "Names of the roles that jobs act by")
    s3_bucket = wired(STRING, "Name of the artifact bucket")
    s3_bucket_folder = wired(STRING, "Folder of the artifact bucket that models are stored in")
    kms_key_arn = kms_key_arn()

    def __init__(self, settings: Mlflow) -> None:
        self.direct = settings.artifacts == "direct"
        super().__init__()

    @resource
    def tracking_uri_of_jobs(self) -> Parameter:
        return Parameter(
            "TrackingUriOfJobs",
            Name=self.tracking_uri_parameter,
            Type="String",
            Value=self.tracking_uri,
            Description="MLFLOW_TRACKING_URI of Batch's jobs",
        )

    @resource
    def jobs_to_mlflow(self) -> SecurityGroupIngress:
        jobs = self.compute_environment_group
        return let_in("JobsToMlflow", self.mlflow_sg_id, self.listener_port, "Jobs", SourceSecurityGroupId=jobs)

    @resource
    def artifacts_of_jobs(self) -> PolicyType | None:
        """What MLflow's ClientPolicy says, in a policy of its own: neither system waits for the other's (P75)."""
        if not self.direct:
            return None
        store = in_folder(self.s3_bucket, self.s3_bucket_folder)
        return attached("ArtifactsOfJobs", self.jobs_role_names, "MlflowArtifacts", *store)

    @resource
    def key_of_jobs(self) -> PolicyType | None:
        if not self.direct:
            return None
        use = through("s3", self.kms_key_arn, *STORE)
        made = attached("KeyOfJobs", self.jobs_role_names, "MlflowArtifactsKey", use)
        made.Condition = self.kms_key_arn.given
        return made
