"""No example has a deadline: a machine that is busy with something else makes no test fail."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")
