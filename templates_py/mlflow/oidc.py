"""Who may pass the load balancer by an identity provider: a browser logs in there, other clients bear its token (P57).

A stack of its own, since all that it asks is for `auth = "oidc"` alone. Without its two rules the listener forwards
nothing, so that there is no moment at which MLflow is open.
"""

from __future__ import annotations

from typing import Any

from troposphere.elasticloadbalancingv2 import (
    Condition,
    HttpHeaderConfig,
    JwtValidationActionAdditionalClaim,
    JwtValidationConfig,
    ListenerRule,
    ListenerRuleAction,
    ListenerRuleAuthenticateOidcConfig,
    PathPatternConfig,
)

from templates_py.inputs import STRING, STRINGS, Like, asked, optional, wired
from templates_py.shared import SECRET_ARN, secret_string
from templates_py.stack import Outputs, Stack, resource

URL = Like(r"https://[A-Za-z0-9.-]+(:\d+)?(/[!-~]*)?", "a URL that begins with https://")
CLIENT = Like("[!-~]+", "an identifier without spaces")
CLAIM = Like("(?!(exp|iss|nbf|iat)$)[!-~]+", "a claim's name other than exp, iss, nbf, iat, which are always checked")
FORMATS = ["single-string", "string-array", "space-separated-values"]


class Oidc(Stack):
    """The listener's rules by which an identity provider's users, and clients that bear its tokens, reach MLflow."""

    oidc_issuer = asked(STRING, None, "Issuer of the identity provider", like=URL)
    oidc_authorization_endpoint = asked(STRING, None, "Authorization endpoint of the identity provider", like=URL)
    oidc_token_endpoint = asked(STRING, None, "Token endpoint of the identity provider", like=URL)
    oidc_user_info_endpoint = asked(STRING, None, "User info endpoint of the identity provider", like=URL)
    oidc_jwks_endpoint = asked(STRING, None, "Endpoint of the keys that the identity provider signs with", like=URL)
    oidc_client_id = asked(STRING, None, "ID of MLflow as a client of the identity provider", like=CLIENT)
    oidc_client_secret_arn = asked(STRING, None, "ARN of the secret that holds the client's secret", like=SECRET_ARN)
    oidc_token_claim = asked(STRING, "aud", "Claim that says whom a client's token is for", like=CLAIM)
    oidc_token_claim_format = asked(STRING, "single-string", "What the claim's value is in a token", allowed=FORMATS)
    oidc_token_claim_values = optional(STRINGS, "Values that the claim must have", CLIENT, otherwise="OidcClientId")
    https_listener_arn = wired(STRING, "ARN of the load balancer's HTTPS listener")
    lb_target_group_arn = wired(STRING, "ARN of the load balancer's target group")

    @resource
    def tokens(self) -> ListenerRule:
        """A token is enough, whatever it is asked for; without the claim any token of the issuer would be."""
        claim = JwtValidationActionAdditionalClaim(
            Name=self.oidc_token_claim,
            Format=self.oidc_token_claim_format,
            Values=self.oidc_token_claim_values.otherwise([self.oidc_client_id]),
        )
        keys = JwtValidationConfig(
            JwksEndpoint=self.oidc_jwks_endpoint, Issuer=self.oidc_issuer, AdditionalClaims=[claim]
        )
        bearer = HttpHeaderConfig(HttpHeaderName="Authorization", Values=["Bearer *"])
        return self._rule(
            "Tokens",
            1,
            Condition(Field="http-header", HttpHeaderConfig=bearer),
            ListenerRuleAction(Order=1, Type="jwt-validation", JwtValidationConfig=keys),
        )

    @resource
    def browsers(self) -> ListenerRule:
        """Whoever bears no token is sent to the identity provider, and comes back with a session."""
        login = ListenerRuleAuthenticateOidcConfig(
            Issuer=self.oidc_issuer,
            AuthorizationEndpoint=self.oidc_authorization_endpoint,
            TokenEndpoint=self.oidc_token_endpoint,
            UserInfoEndpoint=self.oidc_user_info_endpoint,
            ClientId=self.oidc_client_id,
            ClientSecret=secret_string(self.oidc_client_secret_arn),
            OnUnauthenticatedRequest="authenticate",
        )
        return self._rule(
            "Browsers",
            2,
            Condition(Field="path-pattern", PathPatternConfig=PathPatternConfig(Values=["/*"])),
            ListenerRuleAction(Order=1, Type="authenticate-oidc", AuthenticateOidcConfig=login),
        )

    def _rule(self, title: str, priority: int, which: Condition, check: Any) -> ListenerRule:
        forward = ListenerRuleAction(Order=2, Type="forward", TargetGroupArn=self.lb_target_group_arn)
        return ListenerRule(
            title,
            ListenerArn=self.https_listener_arn,
            Priority=priority,
            Conditions=[which],
            Actions=[check, forward],
        )

    def outputs(self) -> Outputs:
        arn = self.lb_target_group_arn
        return {"lb_target_group_arn": (arn, "ARN of the target group, which a listener forwards to by now")}  # P32
