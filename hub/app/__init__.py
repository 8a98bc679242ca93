"""The composition root: configuration in, a running hub out. The one place that builds things."""

from hub.app.acts import (
    create_person,
    disable_person,
    give_code,
    prove_endpoint,
    redeliver,
    replay,
    send_test,
    signin_link,
)
from hub.app.building import Hub, open_hub
from hub.app.listening import check_listen, split_listen
from hub.app.offering import offer, wanted
from hub.app.printing import print_calls
from hub.app.running import ROLES, run
from hub.app.seal import load_seal_key
from hub.app.serving import services, serving_now
from hub.app.sources import connected
from hub.app.stopping import halt

__all__ = [
    "ROLES",
    "Hub",
    "check_listen",
    "connected",
    "create_person",
    "disable_person",
    "give_code",
    "halt",
    "load_seal_key",
    "offer",
    "open_hub",
    "print_calls",
    "prove_endpoint",
    "redeliver",
    "replay",
    "run",
    "send_test",
    "services",
    "serving_now",
    "signin_link",
    "split_listen",
    "wanted",
]
