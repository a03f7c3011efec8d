"""This very emulator, asked over its own port: for what must go through its whole front door."""

from __future__ import annotations

import os
from functools import cache
from threading import Lock
from typing import Any

import boto3
from botocore.config import Config


def client(service: str) -> Any:
    """Return boto3's client for the account and the Region that the current request is in.

    Only ever to be used on a thread of its own: the event loop has to answer.
    """
    from ministack.core.responses import get_account_id, get_region

    with _making:
        return _client(service, get_region(), get_account_id())


_making = Lock()


@cache  # making one takes longer than most of what is asked
def _client(service: str, region: str, account: str) -> Any:
    return boto3.client(  # type: ignore[call-overload]
        service,
        region_name=region,
        endpoint_url=os.environ["AWS_ENDPOINT_URL"],
        aws_access_key_id=account,  # twelve digits are an account to it
        aws_secret_access_key="local",
        config=Config(retries={"total_max_attempts": 1}, read_timeout=None),
    )
