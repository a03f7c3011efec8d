"""The load balancer, its listeners and target group, and a name in Route 53 where a zone is given.

The service waits for the listener, without which its target group has no load balancer (P32).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from troposphere import Equals, GetAtt, If, Join, Not, Or, Ref, Select, Split
from troposphere.elasticloadbalancingv2 import (
    Certificate,
    Listener,
    LoadBalancer,
    LoadBalancerAttributes,
    Matcher,
    TargetGroup,
    TargetGroupAttribute,
)
from troposphere.route53 import RecordSetType
from troposphere.validators.route53 import AliasTarget

from templates_py.groups import further_groups
from templates_py.inputs import STRING, SUBNETS, VPC, Like, asked, flag, name, optional, wired
from templates_py.mlflow import CONTAINER_PORT, certificate_arn
from templates_py.mlflow.access_logs import balancer_logs
from templates_py.mlflow.listeners import forward, redirect, refuse
from templates_py.stack import Outputs, Rules, Stack, resource, rule

if TYPE_CHECKING:
    from templates_py.settings import Mlflow

NAME = Like("(?!internal-)[A-Za-z0-9](-?[A-Za-z0-9]){0,31}", "up to 32 letters, digits and hyphens")
DOMAIN = Like("([a-z0-9-]+[.])+[a-z]{2,}", "a domain name in small letters")
ZONE = Like("Z[A-Z0-9]{1,31}", "a zone's ID such as Z0123456789")


class LoadBalancing(Stack):
    """MLflow's Application Load Balancer."""

    vpc_id = asked(VPC, None, "ID of the VPC")
    lb_subnets = asked(SUBNETS, None, "Subnets of the load balancer: in two Availability Zones or more")
    lb_name = name("Name of the load balancer", NAME)
    lb_target_group = name("Name of the load balancer's target group", NAME)
    lb_deletion_protection = flag(True, "Whether the load balancer refuses to be deleted")
    lb_security_groups = further_groups("the load balancer")
    certificate_arn = certificate_arn()
    hosted_zone_id = optional(STRING, "ID of the Route 53 zone in which DomainName is made", ZONE)
    domain_name = optional(STRING, "Own domain name of MLflow", DOMAIN, otherwise="the load balancer's")
    mlflow_sg_id = wired(STRING, "ID of the load balancer's own security group")
    access_log_bucket = wired(STRING, "Name of the bucket of access logs, which lets the load balancer in")

    def __init__(self, settings: Mlflow) -> None:
        self.internet_facing, self.oidc = settings.internet_facing, settings.auth == "oidc"
        super().__init__()

    @resource
    def load_balancer(self) -> LoadBalancer:
        attributes = {
            "deletion_protection.enabled": self.lb_deletion_protection,
            "routing.http.drop_invalid_header_fields.enabled": "true",
            **balancer_logs(self.access_log_bucket),
        }
        return LoadBalancer(
            "LoadBalancer",
            Name=self.lb_name.or_none,
            Type="application",
            Scheme="internet-facing" if self.internet_facing else "internal",
            Subnets=self.lb_subnets,
            SecurityGroups=self.lb_security_groups.besides(self.mlflow_sg_id),
            LoadBalancerAttributes=[LoadBalancerAttributes(Key=key, Value=on) for key, on in attributes.items()],
        )

    @resource
    def target_group(self) -> TargetGroup:
        """Named after the balancer's number: a group belongs to one balancer, so that a new one needs a new group."""
        number = Select("3", Split("/", Ref(self.load_balancer)))  # of arn:...:loadbalancer/app/NAME/NUMBER
        return TargetGroup(
            "TargetGroup",
            Name=self.lb_target_group.otherwise(Join("-", ["mlflow", number])),
            VpcId=self.vpc_id,
            TargetType="ip",
            Protocol="HTTP",
            Port=CONTAINER_PORT,
            HealthCheckPath="/health",  # P27
            HealthCheckIntervalSeconds=15,
            HealthCheckTimeoutSeconds=5,
            HealthyThresholdCount=2,
            UnhealthyThresholdCount=5,
            Matcher=Matcher(HttpCode="200"),
            TargetGroupAttributes=[TargetGroupAttribute(Key="deregistration_delay.timeout_seconds", Value="60")],
        )

    @resource
    def http_listener(self) -> Listener:
        """One listener whose action changes with the certificate: two could not share the port in an update."""
        forwarded = forward(Ref(self.target_group))
        return Listener(
            "HttpListener",
            LoadBalancerArn=Ref(self.load_balancer),
            Port=80,
            Protocol="HTTP",
            DefaultActions=[redirect() if self.oidc else If(self.certificate_arn.given, redirect(), forwarded)],
        )

    @resource
    def https_listener(self) -> Listener:
        """It forwards, or leaves that to the rules that `oidc` gives it."""
        only: dict[str, Any] = {} if self.oidc else {"Condition": self.certificate_arn.given}
        return Listener(
            "HttpsListener",
            LoadBalancerArn=Ref(self.load_balancer),
            Port=443,
            Protocol="HTTPS",
            SslPolicy="ELBSecurityPolicy-TLS13-1-2-2021-06",
            Certificates=[Certificate(CertificateArn=self.certificate_arn)],
            DefaultActions=[refuse() if self.oidc else forward(Ref(self.target_group))],
            **only,
        )

    @resource
    def record(self) -> RecordSetType:
        alias = AliasTarget(  # type: ignore[no-untyped-call]
            HostedZoneId=GetAtt(self.load_balancer, "CanonicalHostedZoneID"),
            DNSName=GetAtt(self.load_balancer, "DNSName"),
        )
        return RecordSetType(
            "Record",
            HostedZoneId=self.hosted_zone_id,
            Name=self.domain_name,
            Type="A",
            AliasTarget=alias,
            Condition=self.hosted_zone_id.given,
        )

    def rules(self) -> Rules:
        rules = {
            "ZoneHasName": rule(
                Or(Equals(self.hosted_zone_id, ""), Not(Equals(self.domain_name, ""))),
                "HostedZoneId needs DomainName: the name to make in that zone",
            )
        }
        certified = Not(Equals(self.certificate_arn, ""))
        if self.internet_facing:
            rules["InternetHasCertificate"] = rule(certified, "An internet-facing load balancer needs CertificateArn")
        if self.oidc:
            rules["OidcHasCertificate"] = rule(certified, 'auth = "oidc" needs CertificateArn: a login takes HTTPS')
        return rules

    def outputs(self) -> Outputs:
        balancer, domain = GetAtt(self.load_balancer, "DNSName"), self.domain_name
        https = (Ref(self.https_listener), "ARN of the load balancer's HTTPS listener")
        return {
            **({"https_listener_arn": https} if self.oidc else {}),
            "lb_target_group_arn": (Ref(self.target_group), "ARN of the load balancer's target group"),
            "allowed_hosts": (
                If(domain.given, Join(",", [balancer, domain]), balancer),
                "Host names that MLflow is called by, with commas between them",  # P26
            ),
            "tracking_uri": (
                Join("", [If(self.certificate_arn.given, "https://", "http://"), domain.otherwise(balancer)]),
                "Address of MLflow, for MLFLOW_TRACKING_URI",
            ),
        }
