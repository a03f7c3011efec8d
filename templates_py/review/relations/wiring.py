"""That what names another thing names the right one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from templates_py.review.relations.view import (
    BALANCER,
    DATABASE,
    ENVIRONMENT,
    FUNCTIONS,
    JOB,
    at,
    containers,
    customs,
    environment,
    groups_of,
    items,
    job_groups,
    listeners,
    named,
    of,
    said,
    secrets_of,
    ways,
)
from templates_py.review.tree import Tree

TEMPLATE, PROFILE = "AWS::EC2::LaunchTemplate", "AWS::IAM::InstanceProfile"


def custom_resources_are_our_functions(tree: Tree) -> Iterator[str]:
    """And are told of one database: its own address, port and name, and what they set up is set up once."""
    arns = [{"Fn::GetAtt": [one.path, "Arn"]} for one in of(tree, *FUNCTIONS)]
    for setup in customs(tree):
        if setup.properties.get("ServiceToken") not in arns:
            yield f"{setup.path} has the ServiceToken {said(setup.properties.get('ServiceToken'))}, no function of ours"
        given = [setup.properties.get(f"Database{name}") for name in ("Hostname", "Port", "DefaultName")]
        yield from meets(tree, setup.path, *given)
        if not setup.properties.get("TableSetupScriptSha256"):
            yield f"{setup.path} does not change with its script"
        for name in ("AwsRegion", "TableSetupScript", "TableSetupScriptBucketKey"):
            if not setup.properties.get(name):
                yield f"{setup.path} is not told {name}"
        runs = [one for one in of(tree, *FUNCTIONS) if one.path in named(setup.properties.get("ServiceToken"))]
        times = [int(one.properties.get("Timeout", 3)) for one in runs]  # Lambda's default is 3 seconds
        if times and not 60 <= times[0] < int(setup.properties.get("ServiceTimeout", 0)):
            yield f"{setup.path} is given up before its function is, or that has less than a minute"
        if any(items(setup.properties.get("AllowDataLoss"))):
            yield f"{setup.path} may lose data"
    for function in of(tree, *FUNCTIONS):
        if not any(function.path in named(setup.properties.get("ServiceToken")) for setup in customs(tree)):
            yield f"{function.path} is run by nothing"


def meets(tree: Tree, path: str, host: Any, port: Any, name: Any) -> Iterator[str]:
    """What a client of a database is told, against what that is."""
    met = [one for one in of(tree, DATABASE) if host == {"Fn::GetAtt": [one.path, "Endpoint.Address"]}]
    if not met:
        yield f"{path} is told of the database {said(host)}, which is none of ours"
    for one in met:
        if said(port) != said(one.properties.get("Port")):
            yield f"{path} is told of the port {said(port)} of {one.path}, where that listens not"
        made = said(one.properties.get("DBName"))
        if said(name) != made and "DBSnapshotIdentifier" not in one.properties:
            yield f"{path} is told of {said(name)} in {one.path}, which has {made}"


def instances_have_the_launch_template(tree: Tree) -> Iterator[str]:
    """IMDSv2 alone, no hop further than the instance (P70), an instance profile of ours."""
    for one in of(tree, ENVIRONMENT):
        compute = one.properties.get("ComputeResources")
        if at(compute, "Type") not in ("EC2", "SPOT"):
            continue
        given = named(at(compute, "LaunchTemplate", "LaunchTemplateId")) & {t.path for t in of(tree, TEMPLATE)}
        version = at(compute, "LaunchTemplate", "Version")
        if not given or version not in [{"Fn::GetAtt": [path, "LatestVersionNumber"]} for path in given]:
            yield f"{one.path} does not use the launch template as it is"
        if at(compute, "InstanceRole") not in [{"Fn::GetAtt": [p.path, "Arn"]} for p in of(tree, PROFILE)]:
            yield f"{one.path} has no instance profile of ours"
    for one in of(tree, TEMPLATE):
        options = at(one.properties, "LaunchTemplateData", "MetadataOptions")
        if at(options, "HttpTokens") != "required" or said(at(options, "HttpPutResponseHopLimit")) != "1":
            yield f"{one.path} lets others than the instance ask for its role, or without a token"
        if not tree.users.get(one.path):
            yield f"{one.path} is used by nothing"


def jobs_find_their_way(tree: Tree) -> Iterator[str]:
    """To their environments, and to MLflow: over TLS where it speaks that, and the port is open to them."""
    for queue in of(tree, "AWS::Batch::JobQueue"):
        order = [said(one.get("ComputeEnvironment")) for one in items(queue.properties.get("ComputeEnvironmentOrder"))]
        if len(order) != len(set(order)):
            yield f"{queue.path} has an environment twice"
        for given in items(queue.properties.get("ComputeEnvironmentOrder")):
            if not named(given.get("ComputeEnvironment")) & {one.path for one in of(tree, ENVIRONMENT)}:
                yield f"{queue.path} has an environment that is none of ours"
    jobs = job_groups(tree)
    parameters = of(tree, "AWS::SSM::Parameter")
    for balancer in of(tree, BALANCER):
        if jobs and not any(one.properties.get("Name") for one in parameters):
            yield f"no parameter tells jobs of {balancer.path}"
        https = [one for one in listeners(tree, balancer) if one.properties.get("Protocol") == "HTTPS"]
        port = "443" if https else "80"
        for way in ways(tree):
            if way.inward and way.peer in jobs and way.group in groups_of(balancer) and way.ports != (port, port):
                yield f"{way.path} opens {way.ports[0]} to the jobs, and MLflow answers at {port}"
        for one in parameters:
            if ("https://" if https else "http://") not in said(one.properties.get("Value")):
                yield f"{one.path} is {said(one.properties.get('Value'))}, and MLflow answers at {port}"
    for job in of(tree, JOB):
        for box in containers(job):
            uri = secrets_of(box).get("MLFLOW_TRACKING_URI")
            ours = [said(one.properties.get("Name")) for one in parameters]
            if ours and "MLFLOW_TRACKING_URI" not in environment(box) and said(uri) not in ours:
                yield f"{job.path} reads {said(uri)}, which is no parameter of ours"


def no_name_is_empty(tree: Tree) -> Iterator[str]:
    """What was not given is left out, and not given as an empty string."""
    for one in tree.resources.values():
        for name, value in one.properties.items():
            if name not in ("AllowDataLoss", "ContainerDefinitions") and _has_empty(value):
                yield f"{one.path} has an empty string in {name}"


def _has_empty(node: Any) -> bool:
    if isinstance(node, dict):
        return any(_has_empty(below) for key, below in node.items() if not key.startswith("Fn::"))
    return any(map(_has_empty, node)) if isinstance(node, list) else node == ""


def nothing_refers_to_what_is_not_made(tree: Tree) -> Iterator[str]:
    """CloudFormation would refuse it, but only when it is deployed so."""
    known = tree.resources.keys() | tree.parameters.keys()
    for path, one in tree.resources.items():
        for name in sorted(named(one.properties) - known):
            if not name.startswith("AWS::"):
                yield f"{path} refers to {name}, which is not made"


RULES = (
    custom_resources_are_our_functions,
    instances_have_the_launch_template,
    jobs_find_their_way,
    no_name_is_empty,
    nothing_refers_to_what_is_not_made,
)
