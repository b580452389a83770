"""Where tokenflow keeps its files: the XDG folders, or TOKENFLOW_HOME."""

from __future__ import annotations

import os
from pathlib import Path


def state_folder() -> Path:
    """Return the folder of what must last: `$TOKENFLOW_HOME/state`, else `$XDG_STATE_HOME/tokenflow`."""
    if home := os.environ.get("TOKENFLOW_HOME"):
        return Path(home) / "state"
    import platformdirs  # noqa: PLC0415 - not needed where TOKENFLOW_HOME is set

    return platformdirs.user_state_path("tokenflow", appauthor=False)


def token_folder() -> Path:
    """Return the folder of the file store."""
    return state_folder() / "tokens"
