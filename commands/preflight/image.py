"""MLflow's image: in the repository by its tag, or a builder is here to make it."""

from __future__ import annotations

from collections.abc import Iterator

from commands.configuration import TAG
from commands.preflight.ground import Ground
from commands.preflight.outcome import Outcome, fault, ok, warning
from mlflow_container import builder
from mlflow_container.errors import ImageError

MISSING = ("ImageNotFoundException", "RepositoryNotFoundException")


def image(ground: Ground) -> Iterator[Outcome]:
    repository = _repository(ground)
    if ground.tag and repository:
        wanted = [{"imageTag": ground.tag}]
        if ground.call("ecr", "describe_images", MISSING, repositoryName=repository, imageIds=wanted):
            yield ok(f"{ground.tag} is in {repository}")
        else:
            yield fault(
                f"{TAG} = {ground.tag} is not in {repository}: its tasks would not start",
                "make start and make update_container push it, or give one that is there",
            )
        return
    if ground.tag:
        said = f"{TAG} = {ground.tag} is given, and there is no repository yet: make start begins without it"
        yield warning(said, f"for plain sam deploy, clear {TAG} in samconfig.toml")
    try:
        yield ok(f"{builder.find().kind} is here, and builds and pushes it")
    except ImageError as error:
        yield fault("no image is in the repository, and none can be made here", str(error))


def _repository(ground: Ground) -> str:
    """Return the name of the repository that is there; empty where there is none yet."""
    if given := ground.parameters.get("ExistingContainerRepository"):
        return str(given)
    return next((known for kind, known in ground.standing if kind == "AWS::ECR::Repository"), "")
