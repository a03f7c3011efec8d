"""What deploys the platform, brings MLflow's service up, rolls a new image out and goes back to the one before.

They speak to AWS by boto3 and change the stack by change sets alone, so that CloudFormation knows all there is.
"""

from __future__ import annotations


class CommandError(Exception):
    """Why a command stops, in one line that says what was expected or what to do."""
