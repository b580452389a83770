"""From a file to a Profile: configuration and world brought together."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tokenflow.config.interpretation import Interpretation, interpret
from tokenflow.config.reading import read
from tokenflow.errors import ProfileError
from tokenflow.unbuilt import refuse_unbuilt
from tokenflow.world.narration import logger
from tokenflow.world.references import read_public_reference

if TYPE_CHECKING:
    import os

    from tokenflow.profile import Profile


def load_profile(path: str | os.PathLike[str]) -> Profile:
    """Read, check and freeze the profile in `path`; warnings go to the logger `tokenflow`.

    Public references (`issuer: {env: ISSUER}`) are resolved now, secret ones when they are needed.

    Raises:
        ProfileError: the file cannot be used; its `problems` say where and why.
    """
    interpretation = interpret_file(path)
    if interpretation.profile is None:
        raise ProfileError(interpretation.errors)
    for problem in interpretation.problems:
        logger.warning("%s", problem)
    refuse_unbuilt(interpretation.profile)
    return interpretation.profile


def interpret_file(path: str | os.PathLike[str]) -> Interpretation:
    """Read and check the profile in `path`.

    Raises:
        ProfileError: it cannot be read as YAML.
    """
    return interpret(read(Path(path)), resolve=read_public_reference)
