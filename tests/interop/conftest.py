"""Fixtures that run real authorization servers of others."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest
from interop.keys import generate_keys
from interop.node import NODE_MISSING, find_node, install_packages
from interop.oidc_provider import TREE, run_oidc_provider
from support.requirements import require

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Unpack

    from interop.node import Node
    from interop.oidc_provider import OidcProvider, Settings, StartOidcProvider


@pytest.fixture(scope="session")
def node() -> Node:
    return require(find_node(), NODE_MISSING)


@pytest.fixture(scope="session")
def node_with_oidc_provider(node: Node) -> Node:
    install_packages(node, TREE)
    return node


@pytest.fixture(scope="session")
def interop_keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("keys")
    generate_keys(folder)
    return folder


@pytest.fixture(scope="session")
def start_oidc_provider(node_with_oidc_provider: Node, interop_keys: Path) -> Iterator[StartOidcProvider]:
    running: dict[frozenset[tuple[str, object]], OidcProvider] = {}
    with ExitStack() as processes:

        def start(**settings: Unpack[Settings]) -> OidcProvider:
            asked = frozenset(settings.items())
            if asked not in running:
                running[asked] = processes.enter_context(
                    run_oidc_provider(node_with_oidc_provider, interop_keys, **settings)
                )
            return running[asked]

        yield start


@pytest.fixture(scope="session")
def oidc_provider(start_oidc_provider: StartOidcProvider) -> OidcProvider:
    return start_oidc_provider(TTL=300)
