"""That a request arrives at a container that is the right one, and that this one is locked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from templates_py.review.relations.view import (
    BALANCER,
    LISTENER,
    LISTENER_RULE,
    SERVICE,
    TARGETS,
    TASK,
    actions,
    at,
    containers,
    environment,
    items,
    named,
    of,
    of_service,
    said,
    served_by,
)
from templates_py.review.relations.wiring import meets
from templates_py.review.tree import Tree

TARGET, POLICY = "AWS::ApplicationAutoScaling::ScalableTarget", "AWS::ApplicationAutoScaling::ScalingPolicy"


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
            yield from meets(tree, who, *(env.get(f"DB_{name}") for name in ("HOST", "PORT", "NAME")))
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


RULES = (
    scaling_is_this_services,
    requests_arrive_at_the_container,
    containers_are_locked_and_agree,
    a_bad_deployment_is_rolled_back,
    names_lead_to_the_balancer,
)
