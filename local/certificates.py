"""The authority of everything here that speaks TLS; it stays, so that who trusts it goes on doing so."""

from __future__ import annotations

from pathlib import Path

import trustme

from local.debian import locked
from local.places import CA, PLATFORM

KEY = PLATFORM / "ca-key.pem"


def authority() -> trustme.CA:
    """Return the authority, made by the first who asks."""
    PLATFORM.mkdir(parents=True, exist_ok=True)
    with locked("authority"):
        if not CA.exists():
            made = trustme.CA()
            _write(KEY, made.private_key_pem.bytes(), mode=0o600)
            _write(CA, made.cert_pem.bytes(), mode=0o644)
        return trustme.CA.from_pem(CA.read_bytes(), KEY.read_bytes())


def _write(path: Path, content: bytes, mode: int) -> None:
    partial = path.with_suffix(".partial")
    partial.touch(mode=0o600)
    partial.write_bytes(content)
    partial.chmod(mode)  # whatever umask is here: a container's user reads the certificate too
    partial.rename(path)
