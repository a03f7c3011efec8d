"""Who may use MLflow, by setting: whoever reaches the balancer, MLflow's own users, or an identity provider's."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.emitted import BASIC, WHOLE, Body, emitted, gets, keyless, nested, only, refs, resources, with_mlflow
from tests.linting import lint_body

RULE = "AWS::ElasticLoadBalancingV2::ListenerRule"
SECRET = "AWS::SecretsManager::Secret"


@pytest.fixture(scope="module")
def none() -> dict[str, Body]:
    return emitted()


@pytest.fixture(scope="module")
def basic() -> dict[str, Body]:
    return emitted(BASIC)


@pytest.fixture(scope="module")
def oidc() -> dict[str, Body]:
    return emitted(WHOLE)


def containers(templates: dict[str, Body]) -> list[Body]:
    return list(only(templates["mlflow/task_deployment"], "AWS::ECS::TaskDefinition")["ContainerDefinitions"])


def environment(container: Body) -> dict[str, Any]:
    return {row["Name"]: row["Value"] for row in container["Environment"]}


def listener(templates: dict[str, Body], title: str) -> Body:
    return dict(templates["mlflow/load_balancing"]["Resources"][title])


@pytest.mark.slow
@pytest.mark.parametrize("auth", ["none", "basic", "oidc"])
@pytest.mark.parametrize("artifacts", ["direct", "proxied"])
def test_each_choice_lints_clean(auth: str, artifacts: str) -> None:
    made = emitted(with_mlflow(auth=auth, artifacts=artifacts))
    bodies = {path: body for path, body in made.items() if path in ("template", "connection") or "mlflow" in path}
    assert {path: found for path, body in bodies.items() if (found := lint_body(body))} == {}
    for container in containers(made):
        assert (environment(container)["AUTH"], environment(container)["ARTIFACTS"]) == (auth, artifacts)


# --- none -------------------------------------------------------------------------------------------------------------


def test_no_stack_is_made_for_what_was_not_chosen(none: dict[str, Body]) -> None:
    assert {"BasicAuth", "Oidc"} & nested(none["mlflow/template"]).keys() == set()
    assert not [name for name in none["template"]["Parameters"] if name.startswith("Oidc")]
    assert "AuthAdminPasswordArn" not in none["template"]["Outputs"]


# --- basic ------------------------------------------------------------------------------------------------------------


def test_the_admins_password_and_the_sessions_key_are_generated(basic: dict[str, Body]) -> None:
    secrets = resources(basic["mlflow/basic_auth"], SECRET)
    made = {title: secret["Properties"]["GenerateSecretString"] for title, secret in secrets.items()}
    assert made == {
        "AdminPassword": {"PasswordLength": 32, "ExcludePunctuation": True},
        "SecretKey": {"PasswordLength": 64, "ExcludePunctuation": True},
    }


@pytest.mark.parametrize(("policy", "kept"), [("Snapshot", "Delete"), ("Retain", "RetainExceptOnCreate")])
def test_they_stay_with_a_database_that_stays(policy: str, kept: str) -> None:
    templates = emitted(with_mlflow(auth="basic", deletion_policy=policy))
    secrets = resources(templates["mlflow/basic_auth"], SECRET).values()
    assert {made["DeletionPolicy"] for made in secrets} == {kept}


def test_all_tasks_are_given_them_by_arn(basic: dict[str, Body]) -> None:
    for container in containers(basic):
        given = {row["Name"]: row["ValueFrom"] for row in container["Secrets"]}
        assert given["AUTH_ADMIN_PASSWORD"] == {"Ref": "AuthAdminPasswordArn"}
        assert given["AUTH_SECRET_KEY"] == {"Ref": "AuthSecretKeyArn"}
    fed = nested(basic["mlflow/template"])["TaskDeployment"]["Properties"]["Parameters"]
    for name in ("AuthAdminPasswordArn", "AuthSecretKeyArn"):
        assert fed[name] == {"Fn::GetAtt": ["BasicAuth", f"Outputs.{name}"]}
    outputs = basic["mlflow/basic_auth"]["Outputs"]
    assert outputs["AuthAdminPasswordArn"]["Value"] == {"Ref": "AdminPassword"}
    assert outputs["AuthSecretKeyArn"]["Value"] == {"Ref": "SecretKey"}


def test_the_execution_role_reads_exactly_those(basic: dict[str, Body], none: dict[str, Body]) -> None:
    def readable(templates: dict[str, Body]) -> list[str]:
        role = resources(templates["mlflow/permissions"], "AWS::IAM::Role")["ExecutionRole"]
        (policy,) = keyless(role["Properties"]["Policies"])
        rows = policy["PolicyDocument"]["Statement"]
        (read,) = [row for row in rows if row["Action"] == ["secretsmanager:GetSecretValue"]]
        return [row["Ref"] for row in read["Resource"]]

    database = ["AdminUsernameArn", "AdminPasswordArn"]
    assert readable(none) == database
    assert readable(basic) == [*database, "AuthAdminPasswordArn", "AuthSecretKeyArn"]
    assert "secretsmanager" not in json.dumps(basic["mlflow/permissions"]["Resources"]["TaskRole"])


def test_people_are_told_where_the_password_is(basic: dict[str, Body]) -> None:
    assert "AuthAdminPasswordArn" in basic["template"]["Outputs"]
    assert "AuthSecretKeyArn" not in basic["template"]["Outputs"]


# --- oidc -------------------------------------------------------------------------------------------------------------


def test_the_listener_itself_forwards_nothing(oidc: dict[str, Body]) -> None:
    (plain,) = listener(oidc, "HttpListener")["Properties"]["DefaultActions"]
    (tls,) = listener(oidc, "HttpsListener")["Properties"]["DefaultActions"]
    assert (plain["Type"], tls["Type"]) == ("redirect", "fixed-response")
    assert tls["FixedResponseConfig"]["StatusCode"] == "403"
    assert "Condition" not in listener(oidc, "HttpsListener")


def test_it_needs_a_certificate(oidc: dict[str, Body], none: dict[str, Body]) -> None:
    (assertion,) = oidc["template"]["Rules"]["OidcHasCertificate"]["Assertions"]
    assert assertion["Assert"] == {"Fn::Not": [{"Fn::Equals": [{"Ref": "CertificateArn"}, ""]}]}
    assert "CertificateArn" in assertion["AssertDescription"]
    assert "OidcHasCertificate" not in none["template"]["Rules"]


def test_a_browser_logs_in_and_the_clients_secret_is_read_where_it_is_used(oidc: dict[str, Body]) -> None:
    rule = oidc["mlflow/oidc"]["Resources"]["Browsers"]["Properties"]
    secret = ["{{resolve:secretsmanager:", {"Ref": "OidcClientSecretArn"}, ":SecretString}}"]
    assert rule["Actions"][0]["AuthenticateOidcConfig"] == {
        "Issuer": {"Ref": "OidcIssuer"},
        "AuthorizationEndpoint": {"Ref": "OidcAuthorizationEndpoint"},
        "TokenEndpoint": {"Ref": "OidcTokenEndpoint"},
        "UserInfoEndpoint": {"Ref": "OidcUserInfoEndpoint"},
        "ClientId": {"Ref": "OidcClientId"},
        "ClientSecret": {"Fn::Join": ["", secret]},
        "OnUnauthenticatedRequest": "authenticate",
    }
    assert rule["Conditions"] == [{"Field": "path-pattern", "PathPatternConfig": {"Values": ["/*"]}}]


def test_a_token_must_be_the_issuers_and_for_mlflow(oidc: dict[str, Body]) -> None:
    validation = oidc["mlflow/oidc"]["Resources"]["Tokens"]["Properties"]["Actions"][0]["JwtValidationConfig"]
    (claim,) = validation["AdditionalClaims"]
    assert (validation["Issuer"], validation["JwksEndpoint"]) == ({"Ref": "OidcIssuer"}, {"Ref": "OidcJwksEndpoint"})
    assert claim["Name"] == {"Ref": "OidcTokenClaim"}
    assert claim["Values"]["Fn::If"][1:] == [{"Ref": "OidcTokenClaimValues"}, [{"Ref": "OidcClientId"}]]
    rows = oidc["mlflow/oidc"]["Parameters"]
    assert rows["OidcTokenClaim"]["Default"] == "aud"


def test_every_rule_forwards_to_the_one_target_group_and_the_service_waits_for_them(oidc: dict[str, Body]) -> None:
    for made in resources(oidc["mlflow/oidc"], RULE).values():
        assert made["Properties"]["ListenerArn"] == {"Ref": "HttpsListenerArn"}
        assert made["Properties"]["Actions"][-1]["TargetGroupArn"] == {"Ref": "LbTargetGroupArn"}
    stacks = nested(oidc["mlflow/template"])
    assert set(gets(stacks["Oidc"]["Properties"])) == {
        ("LoadBalancing", "Outputs.HttpsListenerArn"),
        ("LoadBalancing", "Outputs.LbTargetGroupArn"),
    }
    fed = stacks["TaskDeployment"]["Properties"]["Parameters"]
    assert fed["AwsLbTargetGroupArn"] == {"Fn::GetAtt": ["Oidc", "Outputs.LbTargetGroupArn"]}
    assert oidc["mlflow/load_balancing"]["Outputs"]["HttpsListenerArn"]["Value"] == {"Ref": "HttpsListener"}


def test_all_about_the_provider_is_asked_for_and_has_no_default(oidc: dict[str, Body]) -> None:
    rows = {name: row for name, row in oidc["template"]["Parameters"].items() if name.startswith("Oidc")}
    must = {name for name, row in rows.items() if "Default" not in row}
    assert must == refs(oidc["mlflow/oidc"]["Resources"]["Browsers"]["Properties"]["Actions"][0]) | {"OidcJwksEndpoint"}
    assert all(row["AllowedPattern"].startswith("^(https://") for name, row in rows.items() if "Endpoint" in name)


def test_the_balancer_reaches_the_provider_with_oidc_alone(oidc: dict[str, Body], none: dict[str, Body]) -> None:
    def out(templates: dict[str, Body]) -> str:
        group = templates["mlflow/security"]["Resources"]["LoadBalancer"]["Properties"]
        return str(group["SecurityGroupEgress"][0]["Description"])

    assert (out(none), out(oidc)) == ("None at all", "Identity provider")
