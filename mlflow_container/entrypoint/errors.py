"""What stops a command: one line, and the exit code that tells the cases apart for whoever started it."""

from __future__ import annotations


class EntrypointError(Exception):
    """Something else stopped it, such as a database that did not come up."""

    code = 1


class SettingError(EntrypointError):
    """A variable is missing or bad; the message names it."""

    code = 2


class UpgradeNeededError(EntrypointError):
    """The schema is older than this MLflow and holds data: it is upgraded only after a snapshot."""

    code = 3


class NewerSchemaError(EntrypointError):
    """The schema is of a newer MLflow than this one."""

    code = 4


class CutOffError(EntrypointError):
    """An upgrade of a database with data was cut off: its snapshot is the way back."""

    code = 5
