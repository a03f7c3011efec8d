"""What joins the two systems where both run: jobs find MLflow, and may reach it.

A stack of its own, since an output that crossed between the systems would make one wait for all of the other (P75).
"""

from __future__ import annotations

from troposphere.ec2 import SecurityGroupIngress
from troposphere.ssm import Parameter

from templates_py.groups import let_in
from templates_py.inputs import NUMBER, STRING, wired
from templates_py.stack import Stack, resource


class Connection(Stack):
    """The way from Batch's jobs to MLflow."""

    tracking_uri_parameter = wired(STRING, "Name of the SSM parameter, which job definitions read")
    tracking_uri = wired(STRING, "Address of MLflow")
    compute_environment_group = wired(STRING, "ID of the jobs' security group")
    mlflow_sg_id = wired(STRING, "ID of the load balancer's security group")
    listener_port = wired(NUMBER, "Port that clients speak to")

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
