"""TLS: to the databases always, at the listener where there is a certificate; and who must log in there."""

from __future__ import annotations

from collections.abc import Iterator

from templates_py.review.relations.view import (
    BALANCER,
    DATABASE,
    LISTENER,
    LISTENER_RULE,
    SERVICE,
    TARGETS,
    actions,
    at,
    containers,
    environment,
    forwards,
    items,
    listeners,
    named,
    of,
    of_service,
    said,
    secrets_of,
    served_by,
)
from templates_py.review.tree import Tree

MODERN = "ELBSecurityPolicy-TLS13-1-2-"
CA = "rds-ca-rsa2048-g1"  # signed by what the clients bring along (rds-ca.pem)
CONFIGS = {"authenticate-oidc": "AuthenticateOidcConfig", "jwt-validation": "JwtValidationConfig"}


def databases_speak_tls_alone(tree: Tree) -> Iterator[str]:
    for database in of(tree, DATABASE):
        used = [
            tree.resources[p] for p in named(database.properties.get("DBParameterGroupName")) & tree.resources.keys()
        ]
        if [said(at(one.properties, "Parameters", "require_secure_transport")) for one in used] != ["1"]:
            yield f"{database.path} takes connections without TLS"
        if database.properties.get("CACertificateIdentifier") != CA:
            yield f"{database.path} has not the CA {CA}, which its clients know"


def requests_travel_by_tls(tree: Tree) -> Iterator[str]:
    """A modern one, to which HTTP leads. Two plain hops stay: a listener without a certificate, and on to the tasks."""
    for one in of(tree, LISTENER):
        if one.properties.get("Protocol") not in ("HTTP", "HTTPS"):
            yield f"{one.path} speaks neither HTTP nor HTTPS"
        if one.properties.get("Protocol") != "HTTPS" and forwards(one):
            yield f"{one.path} takes requests without TLS"
    for one in of(tree, TARGETS):
        if one.properties.get("Protocol") != "HTTPS":
            yield f"{one.path} gets requests without TLS"
    for balancer in of(tree, BALANCER):
        own = listeners(tree, balancer)
        https = [one for one in own if one.properties.get("Protocol") == "HTTPS"]
        for one in https:
            if not said(one.properties.get("SslPolicy")).startswith(MODERN):
                yield f"{one.path} speaks TLS by {one.properties.get('SslPolicy')}, expected {MODERN}..."
            given = [at(pair, "CertificateArn") for pair in items(one.properties.get("Certificates"))]
            if not given or not all(given):
                yield f"{one.path} has no certificate"
            if said(one.properties.get("Port")) != "443":
                yield f"{one.path} speaks HTTPS at {said(one.properties.get('Port'))}"
        ports = {said(one.properties.get("Port")) for one in https}
        for one in own if https else []:
            if one in https:
                continue
            to = [at(action, "RedirectConfig") for action in actions(one)]
            if [at(given, "Protocol") for given in to] != ["HTTPS"] or said(at(to[0], "Port")) not in ports:
                yield f"{one.path} does not lead to HTTPS"
            if to and said(at(to[0], "StatusCode")) not in ("HTTP_301", "HTTP_302"):
                yield f"{one.path} leads nowhere"
        if not own:
            yield f"{balancer.path} has no listener"


def nobody_passes_without_a_login(tree: Tree) -> Iterator[str]:
    """Where an identity provider's users are let in, each way to the tasks logs in first."""
    rules = of(tree, LISTENER_RULE)
    for service in of(tree, SERVICE):
        boxes = [box for task in served_by(tree, service) for box in containers(task)]
        auth = {said(environment(box).get("AUTH")) for box in boxes}
        own = [one for balancer in of_service(tree, service) for one in listeners(tree, balancer)]
        ways_in = [rule for rule in rules if named(rule.properties.get("ListenerArn")) & {one.path for one in own}]
        guarded = {name for rule in ways_in for name in named(rule.properties.get("ListenerArn"))}
        kinds = sorted(said(action.get("Type")) for rule in ways_in for action in actions(rule))
        if kinds != (["authenticate-oidc", "forward", "forward", "jwt-validation"] if "oidc" in auth else []):
            yield f"{service.path} has AUTH {', '.join(sorted(auth))}, and its listeners have {kinds}"
        basic = [{"AUTH_ADMIN_PASSWORD", "AUTH_SECRET_KEY"} <= secrets_of(box).keys() for box in boxes]
        if ("basic" in auth and not all(basic)) or len(auth) > 1:
            yield f"{service.path} has AUTH {', '.join(sorted(auth))}, and not what that needs"
        for one in own:
            if one.path in guarded and (forwards(one) or one.properties.get("Protocol") != "HTTPS"):
                yield f"{one.path} lets in whoever no rule logs in, or logs in without TLS"
    for rule in rules:
        order = sorted(actions(rule), key=lambda action: int(action.get("Order", 0)))
        first = order[0].get("Type") if order else None
        if forwards(rule) and first not in CONFIGS:
            yield f"{rule.path} lets in whoever does not log in"
        if [said(action.get("Order")) for action in order] != [str(n + 1) for n in range(len(order))]:
            yield f"{rule.path} does not say in which order"
        for condition in items(rule.properties.get("Conditions")):
            whole = '"HttpHeaderName": "Authorization"' if condition.get("Field") == "http-header" else "/*"
            if "Field" not in condition or '"Values": [' not in said(condition) or whole not in said(condition):
                yield f"{rule.path} does not say for whom it is"
        for action in order:
            if CONFIGS.get(said(action.get("Type")), "Type") not in action:
                yield f"{rule.path} does not say how to {action.get('Type')}"
            login = at(action, "AuthenticateOidcConfig")
            if login and login.get("OnUnauthenticatedRequest") != "authenticate":
                yield f"{rule.path} lets in whoever does not log in"
            token = at(action, "JwtValidationConfig")
            if token and not (token.get("Issuer") and token.get("JwksEndpoint") and token.get("AdditionalClaims")):
                yield f"{rule.path} takes a token that was made for somebody else"


RULES = (
    databases_speak_tls_alone,
    requests_travel_by_tls,
    nobody_passes_without_a_login,
)
