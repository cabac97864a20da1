"""Which processes there are, and the ports that they share."""

import socket

import pytest

from hospital.components.settings import ComponentSettings
from hospital.components.workers import WORKERS
from hospital.names import NAMES
from hospital.problems import CannotDo
from hospital.supervisor.plan import Addresses, reserved, scale_of, stages, url_of
from router.server import CannotListen, bind

ADDRESSES = Addresses(("127.0.0.1", 8761), dict.fromkeys(NAMES, ("127.0.0.1", 9000)))


def test_there_is_one_of_each_component():
    subgraphs, workers, routers = stages(ADDRESSES, scale_of([]))
    assert [each.arguments[:2] for each in subgraphs] == [("subgraph", name) for name in NAMES]
    assert [each.arguments[:2] for each in workers] == [("worker", name) for name in WORKERS]
    assert [each.arguments[0] for each in routers] == ["router"]
    names = [each.name for each in (*subgraphs, *workers, *routers)]
    assert len(set(names)) == len(names)
    assert all(each.arguments[-1] == "--supervised" for each in (*subgraphs, *workers, *routers))


def test_there_are_as_many_as_are_asked_for_with_ordinals_that_tell_workers_apart():
    subgraphs, workers, routers = stages(ADDRESSES, scale_of(["router=4", "relay=2", "audit=2", "audit-trail=3"]))
    assert [each.name for each in routers] == ["router.1", "router.2", "router.3", "router.4"]
    assert len({each.arguments for each in routers}) == 1
    assert [each.name for each in subgraphs if "audit" in each.arguments] == ["audit.1", "audit.2"]
    assert [each.arguments[1:4] for each in workers if "relay" in each.arguments] == [
        ("relay", "--ordinal", "0"),
        ("relay", "--ordinal", "1"),
    ]
    assert [each.arguments[1:4] for each in workers if "audit-trail" in each.arguments] == [
        ("audit-trail", "--ordinal", str(ordinal)) for ordinal in range(3)
    ]


@pytest.mark.parametrize("wrong", ["nobody=2", "router", "router=0", "router=-1", "router=two", "router=65", "=2"])
def test_a_scale_that_is_none_is_refused(wrong: str):
    with pytest.raises(CannotDo, match="--scale"):
        scale_of([wrong])


def test_reserved_ports_are_listened_at_by_several_components_and_by_nobody_else():
    with reserved("127.0.0.1", 0, ComponentSettings()) as addresses:
        ports = [addresses.router[1], *(port for _, port in addresses.subgraphs.values())]
        assert len(set(ports)) == len(NAMES) + 1
        for port in ports:
            with bind("127.0.0.1", port, shared=True) as one, bind("127.0.0.1", port, shared=True) as other:
                one.listen()
                other.listen()
                with pytest.raises(CannotListen):
                    bind("127.0.0.1", port)


def test_a_port_that_another_hospital_shares_is_taken():
    with bind("127.0.0.1", 0, shared=True) as listener:
        listener.listen()
        port = listener.getsockname()[1]
        with pytest.raises(CannotListen), reserved("127.0.0.1", port, ComponentSettings()):
            pass


def test_nobody_is_connected_to_a_port_that_is_only_reserved():
    with reserved("127.0.0.1", 0, ComponentSettings()) as addresses, socket.socket() as client:
        assert client.connect_ex(addresses.router) != 0
        with bind(*addresses.router, shared=True) as listener, socket.socket() as second:
            listener.listen()
            for _ in range(20):
                with socket.socket() as each:
                    assert each.connect_ex(addresses.router) == 0
            assert second.connect_ex(addresses.router) == 0


def test_subgraphs_listen_where_their_settings_say(monkeypatch):
    monkeypatch.setenv("HOSPITAL_PATIENTS_URL", "http://127.0.0.2:9999")
    with reserved("127.0.0.1", 0, ComponentSettings()) as addresses:
        assert addresses.subgraphs["patients"] == ("127.0.0.2", 9999)
        assert addresses.settings["HOSPITAL_PATIENTS_URL"] == "http://127.0.0.2:9999"


@pytest.mark.parametrize(
    ("host", "url"), [("0.0.0.0", "http://127.0.0.1:1"), ("::", "http://[::1]:1"), ("10.0.0.1", "http://10.0.0.1:1")]
)
def test_the_address_is_one_that_this_machine_reaches(host: str, url: str):
    assert url_of(host, 1) == url
