"""The root: both systems, and what joins them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from troposphere import Sub

from templates_py.batch.template import Batch
from templates_py.connection import Connection
from templates_py.mlflow.template import Mlflow
from templates_py.stack import Outputs, Stack

if TYPE_CHECKING:
    from templates_py.settings import Settings

# One answer serves both systems; every other name that both ask for is asked twice, with the system's name before it.
SHARED = {"vpc_id", "rds_subnets", "role_path", "permissions_boundary", "log_retention"}


class Hydra(Stack):
    """Hydra on CloudFormation: AWS Batch for jobs, MLflow for experiments."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        super().__init__()

    def wire(self) -> Outputs:
        batch, mlflow = Batch(self.settings.batch), Mlflow(self.settings.mlflow)
        twice = (batch.asks() & mlflow.asks()) - SHARED
        jobs_uri = Sub("/${AWS::StackName}/mlflow-tracking-uri")  # derived, not taken from MLflow: no wait (P75)
        jobs = self.nest(
            batch,
            rename={name: f"batch_{name}" for name in twice},
            tracking_uri_parameter=jobs_uri,
        )
        tracking = self.nest(mlflow, rename={name: f"mlflow_{name}" for name in twice})
        self.nest(
            Connection(),
            tracking_uri_parameter=jobs_uri,
            tracking_uri=tracking.tracking_uri,
            compute_environment_group=jobs.compute_environment_group,
            mlflow_sg_id=tracking.mlflow_sg_id,
            listener_port=tracking.listener_port,
        )
        both = batch.outlets.keys() & mlflow.outlets.keys()
        of_batch, of_mlflow = dict.fromkeys(both, "batch_"), dict.fromkeys(both, "mlflow_")
        return {**jobs.outputs(of_batch), **tracking.outputs(of_mlflow)}
