"""RDS's certificates: as many as there are, none about to expire, and the script that makes the file of them."""

from __future__ import annotations

import re
import ssl
import time

from mlflow_container.image import CA_BUNDLE, ROOT
from mlflow_container.rds_ca import certificates, expiry

BUNDLE = (ROOT / CA_BUNDLE).read_text()
PEMS = re.findall(r"-----BEGIN.+?END CERTIFICATE-----\n", BUNDLE, re.DOTALL)
YEAR = 365 * 24 * 3600


def test_openssl_takes_every_certificate_of_it() -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(ROOT / CA_BUNDLE)
    assert len(context.get_ca_certs()) == BUNDLE.count("BEGIN CERTIFICATE") == len(set(PEMS)) == 92


def test_none_expires_within_a_year() -> None:
    assert min(map(expiry, PEMS)) > time.time() + YEAR


def test_every_region_has_its_three_kinds_of_key() -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(ROOT / CA_BUNDLE)
    names = re.findall(r"Amazon RDS (\S+) Root CA (\S+) G1", str(context.get_ca_certs()))
    kinds = {region: {kind for other, kind in names if other == region} for region, _ in names}
    assert {"us-east-1", "us-east-2", "us-west-2", "eu-west-1", "eu-central-1", "ap-northeast-1"} <= kinds.keys()
    assert all(kind == {"RSA2048", "RSA4096", "ECC384"} for kind in kinds.values())


def test_the_script_reads_what_npm_has() -> None:
    def literal(pem: str) -> str:
        return " +\n        ".join(f"'{line}\\n'" for line in pem.splitlines()).replace("-----\\n'", "-----\\n'")

    written = "exports.defaults = [\n" + ",\n".join(map(literal, PEMS)) + ",\n];\n"
    assert "".join(certificates(written)) == BUNDLE
