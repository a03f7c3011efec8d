"""The certificate of the HTTPS listener: of this Region, issued, valid, and for the name that is used."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from commands.preflight.ground import Ground
from commands.preflight.outcome import Outcome, fault, ok, warning

SOON = timedelta(days=30)


def certificate(ground: Ground) -> Iterator[Outcome]:
    arn = ground.parameters.get("CertificateArn")
    if not isinstance(arn, str) or not arn:
        return
    new = "give another CertificateArn in samconfig.toml"
    if ":acm:" in arn and arn.split(":")[3] != ground.region:
        yield fault(f"{arn} is not of {ground.region}: a load balancer takes its own Region's", new)
        return
    found = ground.call("acm", "describe_certificate", ("ResourceNotFoundException",), CertificateArn=arn)
    if not found:
        yield fault(f"there is no {arn}", new)
        return
    about = found["Certificate"]
    ends = about.get("NotAfter")
    domain = ground.parameters.get("DomainName")
    if about["Status"] != "ISSUED":
        yield fault(f"{arn} is {about['Status']}", "add the DNS records that it is validated by, and wait: " + new)
    elif ends and ends < datetime.now(UTC):
        yield fault(f"{arn} expired on {ends:%Y-%m-%d}", new)
    elif domain and not any(_covers(name, domain) for name in about["SubjectAlternativeNames"]):
        yield fault(f"{arn} is for {', '.join(about['SubjectAlternativeNames'])}, not for {domain}", new)
    elif ends and ends < datetime.now(UTC) + SOON and about.get("RenewalEligibility") != "ELIGIBLE":
        yield warning(f"{arn} expires on {ends:%Y-%m-%d}, and does not renew itself", new)
    else:
        yield ok(f"{arn} is issued, until {ends:%Y-%m-%d}" if ends else f"{arn} is issued")


def _covers(name: str, domain: str) -> bool:
    """Tell whether a name of a certificate is the domain; a star stands for one label."""
    return name == domain or (name.startswith("*.") and name[2:] == domain.partition(".")[2])
