"""A Redis server that speaks TLS, for real, with certificates made on the spot.

Debian's `redis-server` speaks TLS itself and is taken where it is installed. The embedded Valkey is built without it;
there a proxy that ends TLS stands before it, as one does in many installations.
"""

import datetime
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.conf import settings

from tests.servers import free_port

PASSWORD = "of-the-tls-server"


@dataclass(frozen=True, slots=True)
class Authority:
    """Who vouches for servers and clients."""

    name: str
    folder: Path

    @property
    def file(self) -> Path:
        return self.folder / f"{self.name}.pem"

    def certificate(self, name: str, *, address: str = "127.0.0.1") -> tuple[Path, Path]:
        """Make a certificate for a server at `address` and return its file and its key's."""
        paths = self.folder / f"{self.name}-{name}.pem", self.folder / f"{self.name}-{name}.key"
        key = ec.generate_private_key(ec.SECP256R1())
        names = x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))])
        issued = _builder(name, key, issuer=self.name).add_extension(names, critical=False)
        signer = serialization.load_pem_private_key((self.folder / f"{self.name}.key").read_bytes(), None)
        assert isinstance(signer, ec.EllipticCurvePrivateKey)
        _write(issued.sign(signer, hashes.SHA256()), key, *paths)
        return paths


def make_authority(folder: Path, name: str) -> Authority:
    key = ec.generate_private_key(ec.SECP256R1())
    built = _builder(name, key, issuer=name)
    built = built.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    authority = Authority(name, folder)
    _write(built.sign(key, hashes.SHA256()), key, authority.file, folder / f"{name}.key")
    return authority


def _builder(name: str, key: ec.EllipticCurvePrivateKey, *, issuer: str) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    builder = x509.CertificateBuilder().public_key(key.public_key()).serial_number(x509.random_serial_number())
    builder = builder.subject_name(_called(name)).issuer_name(_called(issuer))
    return builder.not_valid_before(now - datetime.timedelta(hours=1)).not_valid_after(now + datetime.timedelta(days=1))


def _called(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _write(certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey, file: Path, key_file: Path) -> None:
    file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    key_file.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))


@contextmanager
def tls_server(authority: Authority, *, address: str = "127.0.0.1", ask_clients: bool = False) -> Iterator[str]:
    """Run a server with a certificate for `address` and yield its `rediss://` URL; `ask_clients`: it wants one too."""
    certificate, key = authority.certificate("server", address=address)
    program = shutil.which("redis-server")
    running = _native if program else _proxy
    with running(program or "", authority, certificate, key, ask_clients) as url:
        yield url


@contextmanager
def _native(program: str, authority: Authority, certificate: Path, key: Path, ask_clients: bool) -> Iterator[str]:
    port = free_port()
    command = [program, "--port", "0", "--bind", "127.0.0.1", "--save", "", "--requirepass", PASSWORD]
    command += ["--tls-port", str(port), "--tls-cert-file", str(certificate), "--tls-key-file", str(key)]
    command += ["--tls-ca-cert-file", str(authority.file), "--tls-auth-clients", "yes" if ask_clients else "no"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        _wait_for(port)
        yield f"rediss://:{PASSWORD}@127.0.0.1:{port}/0"
    finally:
        process.terminate()
        process.wait(timeout=10)


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.02)
    raise RuntimeError("the TLS server did not start")


@contextmanager
def _proxy(_: str, authority: Authority, certificate: Path, key: Path, ask_clients: bool) -> Iterator[str]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(authority.file))
    context.load_cert_chain(certificate, key)
    context.verify_mode = ssl.CERT_REQUIRED if ask_clients else ssl.CERT_NONE
    before = urlsplit(settings.REDIS_CACHE_URL)
    target = (before.hostname or "127.0.0.1", before.port or 6379)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=_serve, args=(listening, context, target), daemon=True).start()
        yield f"rediss://:{before.password or ''}@127.0.0.1:{listening.getsockname()[1]}{before.path}"
        listening.shutdown(socket.SHUT_RDWR)


def _serve(listening: socket.socket, context: ssl.SSLContext, target: tuple[str, int]) -> None:
    with suppress(OSError):  # the test is over
        while True:
            plain, _ = listening.accept()
            threading.Thread(target=_join, args=(plain, context, target), daemon=True).start()


def _join(plain: socket.socket, context: ssl.SSLContext, target: tuple[str, int]) -> None:
    """Shake hands, then carry bytes both ways until one side ends. A refused handshake is the client's to tell."""
    with (
        suppress(OSError),
        context.wrap_socket(plain, server_side=True) as inside,
        socket.create_connection(target) as outside,
    ):
        threading.Thread(target=_carry, args=(outside, inside), daemon=True).start()
        _carry(inside, outside)


def _carry(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while piece := source.recv(65_536):
            sink.sendall(piece)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_RDWR)
