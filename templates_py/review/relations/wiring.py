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
    LISTENER,
    LISTENER_RULE,
    SERVICE,
    TARGETS,
    TASK,
    actions,
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
    of_service,
    said,
    secrets_of,
    served_by,
    ways,
)
from templates_py.review.tree import Tree

TEMPLATE, PROFILE = "AWS::EC2::LaunchTemplate", "AWS::IAM::InstanceProfile"
METRICS = ["ECSServiceAverageCPUUtilization", "ECSServiceAverageMemoryUtilization"]
TARGET, POLICY = "AWS::ApplicationAutoScaling::ScalableTarget", "AWS::ApplicationAutoScaling::ScalingPolicy"


def custom_resources_are_our_functions(tree: Tree) -> Iterator[str]:
    """And are told of one database: its own address, port and name, and what they set up is set up once."""
    arns = [{"Fn::GetAtt": [one.path, "Arn"]} for one in of(tree, *FUNCTIONS)]
    for setup in customs(tree):
        if setup.properties.get("ServiceToken") not in arns:
            yield f"{setup.path} has the ServiceToken {said(setup.properties.get('ServiceToken'))}, no function of ours"
        given = [setup.properties.get(f"Database{name}") for name in ("Hostname", "Port", "DefaultName")]
        yield from _meets(tree, setup.path, *given)
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


def _meets(tree: Tree, path: str, host: Any, port: Any, name: Any) -> Iterator[str]:
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


def scaling_is_this_services(tree: Tree) -> Iterator[str]:
    targets = of(tree, TARGET)
    for service in of(tree, SERVICE):
        cluster = service.properties.get("Cluster")
        meant = ["service", cluster, {"Fn::GetAtt": [service.path, "Name"]}]
        own = [one for one in targets if said(one.properties.get("ResourceId")) == said({"Fn::Join": ["/", meant]})]
        if len(own) != 1:
            yield f"{service.path} is scaled by {len(own)} targets"
        if not named(cluster) & {one.path for one in of(tree, "AWS::ECS::Cluster")}:
            yield f"{service.path} is in no cluster of ours"
        metrics = [
            at(
                p.properties,
                "TargetTrackingScalingPolicyConfiguration",
                "PredefinedMetricSpecification",
                "PredefinedMetricType",
            )
            for p in of(tree, POLICY)
            if named(p.properties.get("ScalingTargetId")) & {one.path for one in own}
        ]
        if own and sorted(map(said, metrics)) != [
            "ECSServiceAverageCPUUtilization",
            "ECSServiceAverageMemoryUtilization",
        ]:
            yield f"{own[0].path} is scaled by {metrics}"
    for one in targets:
        if "AWS::ECS::Service" not in {tree.resources[path].type for path in tree.uses[one.path]}:
            yield f"{one.path} scales no service of ours"
        if at(one.properties, "ScalableDimension") != "ecs:service:DesiredCount":
            yield f"{one.path} scales {at(one.properties, 'ScalableDimension')}"
    for one in of(tree, POLICY):
        if not named(one.properties.get("ScalingTargetId")) & {target.path for target in targets}:
            yield f"{one.path} scales nothing of ours"


def requests_arrive_at_the_container(tree: Tree) -> Iterator[str]:
    """Listener, target group, container: one port, and a container that exists and listens there."""
    for service in of(tree, SERVICE):
        balancers = items(service.properties.get("LoadBalancers"))
        if not of_service(tree, service):
            yield f"{service.path} has no listener in front of it"
        for given in balancers:
            port = said(given.get("ContainerPort"))
            boxes = [
                box
                for t in served_by(tree, service)
                for box in containers(t)
                if box.get("Name") == given.get("ContainerName")
            ]
            mapped = [said(pair.get("ContainerPort")) for box in boxes for pair in items(box.get("PortMappings"))]
            told = [said(environment(box).get("PORT")) for box in boxes]
            if mapped != [port] or told != [port]:
                yield f"{service.path} sends requests to {port} of a container that listens at {told} and maps {mapped}"
            groups = [tree.resources[path] for path in named(given.get("TargetGroupArn")) & tree.resources.keys()]
            for group in groups:
                yield from _healthy(group.path, group.properties, port)
            if not groups:
                yield f"{service.path} has no target group of ours"
    for one in of(tree, LISTENER, LISTENER_RULE):
        to = [named(action.get("TargetGroupArn")) for action in actions(one) if action.get("Type") == "forward"]
        if not all(groups and groups <= {group.path for group in of(tree, TARGETS)} for groups in to):
            yield f"{one.path} forwards to what is no target group"


def _healthy(path: str, group: dict[str, Any], port: str) -> Iterator[str]:
    if said(group.get("Port")) != port or said(group.get("HealthCheckPort", "traffic-port")) not in (
        port,
        "traffic-port",
    ):
        yield f"{path} has the port {said(group.get('Port'))}, and the container listens at {port}"
    if group.get("HealthCheckPath") != "/health" or group.get("TargetType") != "ip":
        yield f"{path} asks {group.get('HealthCheckPath')} of a target of type {group.get('TargetType')}"
    if said(at(group.get("Matcher"), "HttpCode")) != "200":
        yield f"{path} takes {said(at(group.get('Matcher'), 'HttpCode'))} for healthy"


def containers_are_locked_and_agree(tree: Tree) -> Iterator[str]:
    """What migrates and what serves are one image with one database; not root, and nothing to write to."""
    for task in of(tree, TASK):
        boxes = containers(task)
        for box in boxes:
            who = f"{task.path} ({said(box.get('Name'))})"
            env = environment(box)
            yield from _meets(tree, who, *(env.get(f"DB_{name}") for name in ("HOST", "PORT", "NAME")))
            if said(box.get("User")) in ("0", "root", "None") or said(box.get("ReadonlyRootFilesystem")) != "true":
                yield f"{who} may write to its image, or is root"
            if box.get("Privileged") or not at(box, "LinuxParameters", "InitProcessEnabled"):
                yield f"{who} is privileged, or has no init process"
            image = said(box.get("Image"))
            repositories = {one.path for one in of(tree, "AWS::ECR::Repository")}
            ours = named(box.get("Image")) & repositories if repositories else "AWS::AccountId" in image
            if not ours or "latest" in image:
                yield f"{who} has the image {image}, which is no fixed one of our repository"
            if not any(
                at(tmp, "ContainerPath") == "/tmp" and at(tmp, "Size")
                for tmp in items(at(box, "LinuxParameters", "Tmpfs"))
            ):
                yield f"{who} has no /tmp"
        if [box.get("Command") for box in boxes] != [["migrate"], ["server"]]:
            yield f"{task.path} does not migrate and then serve"
        shared = [said([box.get("Image"), box.get("Environment"), box.get("Secrets")]) for box in boxes]
        if len(set(shared)) > 1:
            yield f"{task.path} has containers that disagree about their image, environment or secrets"
        waits = [named_box for box in boxes for named_box in items(box.get("DependsOn"))]
        names = [box.get("Name") for box in boxes if said(box.get("Essential")) == "false"]
        if [(one.get("ContainerName"), one.get("Condition")) for one in waits] != [(name, "SUCCESS") for name in names]:
            yield f"{task.path} serves before the database is migrated"
        if task.properties.get("RequiresCompatibilities") != ["FARGATE"]:
            yield f"{task.path} is not for Fargate"
        if task.properties.get("NetworkMode") != "awsvpc":
            yield f"{task.path} has the network mode {task.properties.get('NetworkMode')}"
        if any(not at(box, "HealthCheck", "Command") for box in boxes if said(box.get("Essential")) == "true"):
            yield f"{task.path} does not know whether it is well"
    for one in of(tree, "AWS::ECR::Repository"):
        if one.properties.get("ImageTagMutability") != "IMMUTABLE":
            yield f"{one.path} lets an image change under its tag"
        if said(at(one.properties, "ImageScanningConfiguration", "ScanOnPush")) != "true":
            yield f"{one.path} does not scan images"


def a_bad_deployment_is_rolled_back(tree: Tree) -> Iterator[str]:
    for service in of(tree, SERVICE):
        deployment = service.properties.get("DeploymentConfiguration")
        breaker = at(deployment, "DeploymentCircuitBreaker")
        if [said(at(breaker, name)) for name in ("Enable", "Rollback")] != ["true", "true"]:
            yield f"{service.path} does not roll back what fails"
        if service.properties.get("LaunchType") != "FARGATE":
            yield f"{service.path} asks for instances"
        if said(at(deployment, "MinimumHealthyPercent")) != "100":
            yield f"{service.path} stops what serves before the new one does"


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


def names_lead_to_the_balancer(tree: Tree) -> Iterator[str]:
    """The record, the hosts that MLflow answers to, and the address that jobs are given."""
    balancers = of(tree, BALANCER)
    dns = [said({"Fn::GetAtt": [one.path, "DNSName"]}) for one in balancers]
    records = of(tree, "AWS::Route53::RecordSet")
    for one in records:
        alias = one.properties.get("AliasTarget")
        zones = [said({"Fn::GetAtt": [b.path, "CanonicalHostedZoneID"]}) for b in balancers]
        if said(at(alias, "DNSName")) not in dns or said(at(alias, "HostedZoneId")) not in zones:
            yield f"{one.path} does not lead to the load balancer"
    hosts = [*dns, *(said(one.properties.get("Name")) for one in records)]
    for task in of(tree, TASK):
        for box in containers(task):
            allowed = said(environment(box).get("ALLOWED_HOSTS"))
            if any(host not in allowed for host in hosts):
                yield f"{task.path} answers to {allowed}, and clients ask for {', '.join(hosts)}"
    for one in of(tree, "AWS::SSM::Parameter"):
        if hosts and hosts[-1] not in said(one.properties.get("Value")):  # the record's name, which the certificate has
            yield f"{one.path} does not lead to the load balancer"


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
    scaling_is_this_services,
    requests_arrive_at_the_container,
    containers_are_locked_and_agree,
    a_bad_deployment_is_rolled_back,
    instances_have_the_launch_template,
    jobs_find_their_way,
    names_lead_to_the_balancer,
    no_name_is_empty,
    nothing_refers_to_what_is_not_made,
)
