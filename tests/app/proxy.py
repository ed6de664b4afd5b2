"""A real nginx with deploy/nginx.conf in front of a studio, on ports and with a certificate of the test's own."""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from browser import ROOT, free_port

_AROUND = """daemon off;
pid FOLDER/nginx.pid;
error_log stderr;
events {}
http {
    access_log off;
    client_body_temp_path FOLDER/body; proxy_temp_path FOLDER/proxy; fastcgi_temp_path FOLDER/fastcgi;
    uwsgi_temp_path FOLDER/uwsgi; scgi_temp_path FOLDER/scgi;
    SERVER
}
"""


@contextmanager
def nginx_before(port: int, folder: Path) -> Iterator[tuple[int, Path]]:
    """(its port on this machine, its certificate); a skip where nginx or openssl is missing."""
    nginx, openssl = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin"), shutil.which("openssl")
    if nginx is None or openssl is None:
        pytest.skip("no nginx or no openssl on this machine, so the proxy is not tested (apt-get install nginx)")
    certificate, key, outer = folder / "studio.pem", folder / "studio.key", free_port()
    made = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    more = ["-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run([*made, *more], check=True, capture_output=True)
    server = (ROOT / "deploy" / "nginx.conf").read_text()
    for said, here in {
        "listen 443 ssl": f"listen 127.0.0.1:{outer} ssl",
        "/etc/ssl/certs/studio.pem": str(certificate),
        "/etc/ssl/private/studio.key": str(key),
        "127.0.0.1:7860": f"127.0.0.1:{port}",
    }.items():
        assert server.count(said) == 1
        server = server.replace(said, here)
    (folder / "nginx.conf").write_text(_AROUND.replace("FOLDER", str(folder)).replace("SERVER", server))
    process = subprocess.Popen([nginx, "-p", str(folder), "-c", str(folder / "nginx.conf")])
    try:
        _wait(outer)
        yield outer, certificate
    finally:
        process.terminate()
        process.wait(10)


def _wait(port: int) -> None:
    give_up = time.monotonic() + 20
    while time.monotonic() < give_up:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    pytest.fail("nginx did not start")
