"""A YAML profile in, a valid OAuth 2.0 access token out.

The public names are resolved on first use (PEP 562): `import tokenflow` itself loads nothing heavy.
"""

from __future__ import annotations

__version__ = "0.1.0"
