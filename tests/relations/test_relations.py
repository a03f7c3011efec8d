"""The rules between resources hold in every shape, but for what is known."""

from __future__ import annotations

import pytest

from templates_py.review.mutation.shapes import SHAPES, trees
from templates_py.review.relations import RULES, findings
from templates_py.settings import ROOT

# What is said of a shape as it is, and why that is no fault.
KNOWN = {
    "LoadBalancingTargetGroup gets requests without TLS": "from the balancer to the tasks, between groups of ours",
    "LoadBalancingHttpListener takes requests without TLS": "a certificate is a parameter; without one, from blocks",
}


@pytest.mark.parametrize("shape", SHAPES)
def test_the_shapes_have_only_what_is_known(shape: str) -> None:
    for tree in trees(shape):
        strange = [one for one in findings(tree) if one.text.removeprefix("Mlflow") not in KNOWN]
        assert strange == []


def test_a_plain_listener_is_found_where_there_is_no_certificate_alone() -> None:
    plain, certified, *_ = trees("both")
    said = "MlflowLoadBalancingHttpListener takes requests without TLS"
    assert said in {one.text for one in findings(plain)}
    assert said not in {one.text for one in findings(certified)}


def test_each_rule_says_what_it_is_about() -> None:
    assert len(RULES) >= 30
    assert all(rule.__doc__ or len(name) > 20 for name, rule in RULES.items())


def test_who_speaks_to_a_database_has_the_ca() -> None:
    """What no template says: the CA comes along with the function and with the image."""
    assert "BEGIN CERTIFICATE" in (ROOT / "functions/db_init/rds-ca.pem").read_text()
    assert "COPY functions/db_init/rds-ca.pem" in (ROOT / "mlflow_container/Dockerfile").read_text()
