"""The peers of benches, both kinds: what holds for the C programs holds for their stand-ins."""

from __future__ import annotations

import pytest

from hub.bench.peers import Peers, find_peers


@pytest.fixture(params=[pytest.param("c", marks=pytest.mark.needs("cc")), "python"])
def peers(request: pytest.FixtureRequest) -> Peers:
    """C programs where there is a compiler, and the stand-ins everywhere."""
    return find_peers() if request.param == "c" else find_peers(compiler="")
