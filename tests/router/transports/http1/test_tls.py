"""Over https: who is believed, and whom the router says it asks."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from router.transports.base import Unreachable
from tests.router.transports.http1.servers import counted, read_request


def certificate(folder: Path, *names: x509.GeneralName) -> Path:
    """A certificate that vouches for itself, and its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "clinic")])
    now = datetime.now(UTC)
    built = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    file = folder / "clinic.pem"
    file.write_bytes(key.private_bytes(*form) + built.public_bytes(serialization.Encoding.PEM))
    return file


class Clinic:
    def __init__(self, file: Path) -> None:
        self.names: list[str | None] = []
        self.protocols: list[str | None] = []
        self.connections = 0
        self.context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.context.load_cert_chain(file)
        self.context.set_alpn_protocols(["h2", "http/1.1"])
        self.context.sni_callback = lambda _, name, __: self.names.append(name)

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.protocols.append(writer.get_extra_info("ssl_object").selected_alpn_protocol())
        try:
            while True:
                await read_request(reader)
                writer.write(counted())
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[int]:
        server = await asyncio.start_server(self.answer, "127.0.0.1", 0, ssl=self.context)
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            server.close()


LOCALHOST = x509.DNSName("localhost")
LOOPBACK = x509.IPAddress(ip_address("127.0.0.1"))


async def test_a_server_that_the_file_vouches_for_is_asked_by_its_name(
    tmp_path: Path, transport_with: Any, hello: Any
) -> None:
    file = certificate(tmp_path, LOCALHOST)
    clinic = Clinic(file)
    async with clinic.serving() as port:
        transport = transport_with(f"https://localhost:{port}/graphql", ca_file=file)
        for _ in range(3):
            assert await transport.execute(hello) == {"data": {}}
    assert (clinic.names, clinic.protocols, clinic.connections) == (["localhost"], ["http/1.1"], 1)


async def test_a_server_may_be_vouched_for_by_its_address(tmp_path: Path, transport_with: Any, hello: Any) -> None:
    file = certificate(tmp_path, LOOPBACK)
    async with Clinic(file).serving() as port:
        transport = transport_with(f"https://127.0.0.1:{port}/graphql", ca_file=file)
        assert await transport.execute(hello) == {"data": {}}


async def test_a_server_that_nobody_vouches_for_is_not_asked(tmp_path: Path, transport_with: Any, hello: Any) -> None:
    clinic = Clinic(certificate(tmp_path, LOCALHOST))
    async with clinic.serving() as port:
        with pytest.raises(Unreachable, match="SSLCertVerificationError"):
            await transport_with(f"https://localhost:{port}/graphql").execute(hello)
    assert clinic.connections == 0


async def test_a_server_with_the_name_of_another_is_not_asked(tmp_path: Path, transport_with: Any, hello: Any) -> None:
    file = certificate(tmp_path, LOCALHOST)
    async with Clinic(file).serving() as port:
        with pytest.raises(Unreachable, match="SSLCertVerificationError"):
            await transport_with(f"https://127.0.0.1:{port}/graphql", ca_file=file).execute(hello)


async def test_a_server_that_does_not_speak_tls_is_not_there(raw: Any, transport_to: Any, hello: Any) -> None:
    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(counted())
        await reader.read()

    async with raw(plain) as url:
        with pytest.raises(Unreachable, match="clinic cannot be reached"):
            await transport_to(url.replace("http:", "https:"), seconds=1.0).execute(hello)


async def test_a_greeting_that_is_not_returned_is_waited_for_no_longer_than_a_connection(
    raw: Any, transport_with: Any, hello: Any
) -> None:
    async def silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()

    async with raw(silent) as url:
        transport = transport_with(url.replace("http:", "https:"), seconds=30.0, connect_seconds=0.2)
        with pytest.raises(Unreachable, match="in time"):
            await asyncio.wait_for(transport.execute(hello), 2)


async def test_sockets_and_what_is_passed_on_believe_the_same(tmp_path: Path, transport_with: Any) -> None:
    file = certificate(tmp_path, LOCALHOST)
    async with Clinic(file).serving() as port:
        session = transport_with("", ca_file=file)._session.get()
        async with session.post(f"https://localhost:{port}/", data=b"x") as answer:
            assert answer.status == 200
