"""AWS Batch and the database of its jobs: the system's wiring, and the nested stacks that it alone has."""

from __future__ import annotations

from templates_py.inputs import STRING, Input, Like, optional

PREFIX = Like("[A-Za-z0-9][A-Za-z0-9_-]{0,63}", "up to 64 letters, digits, hyphens and underscores")
PARAMETER = Like("/[A-Za-z0-9_./-]{1,1010}", "an SSM parameter's name that begins with /")


def name_prefix() -> Input:
    """The row of what tells two deployments in one account apart where clients know the names (P68)."""
    return optional(STRING, "What goes before the names of job queues and job definitions", PREFIX, otherwise="nothing")


def tracking_uri_parameter() -> Input:
    """The row of where our job definitions read MLflow's tracking URI when they start."""
    return optional(STRING, "Name of the SSM parameter with MLflow's tracking URI, for job definitions", PARAMETER)
