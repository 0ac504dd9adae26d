"""A network between a worker and PostgreSQL that can be cut: a TCP port in front of the server's Unix socket."""

from __future__ import annotations

import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from sqlalchemy import make_url

_PIECE = 65536


class Network:
    """Forwards connections from `url` to the server; `cut` ends them and takes no new ones until `mend`."""

    def __init__(self, url: str) -> None:
        parsed = make_url(url)
        self._server = f"{parsed.query['host']}/.s.PGSQL.5432"
        self._links: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self.url = parsed.set(host="127.0.0.1", port=self.port, query={}).render_as_string(
            hide_password=False
        )
        self._whole = threading.Event()
        self._whole.set()
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Reset every connection; new ones are closed at once."""
        self._whole.clear()
        for link in self._links.copy():
            _close(link)

    def mend(self) -> None:
        self._whole.set()

    def close(self) -> None:
        self.cut()
        _close(self._listener)

    def _accept(self) -> None:
        with suppress(OSError):  # closed: the test has ended
            while True:
                client, _ = self._listener.accept()
                if self._whole.is_set():
                    self._join(client)
                else:
                    client.close()

    def _join(self, client: socket.socket) -> None:
        server = socket.socket(socket.AF_UNIX)
        server.connect(self._server)
        self._links |= {client, server}
        for source, target in ((client, server), (server, client)):
            threading.Thread(target=_forward, args=(source, target), daemon=True).start()


def _forward(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):  # the other direction, or a cut, closed it
        while piece := source.recv(_PIECE):
            target.sendall(piece)
    _close(source)
    _close(target)


def _close(link: socket.socket) -> None:
    with suppress(OSError):
        link.shutdown(socket.SHUT_RDWR)
    link.close()


@contextmanager
def packets_dropped(port: int) -> Iterator[bool]:
    """The kernel drops what is sent to this port, without a word; False where it cannot be asked to."""
    rule = ["INPUT", "-i", "lo", "-p", "tcp", "--dport", str(port), "-j", "DROP"]
    done = _iptables("-A", *rule)
    try:
        yield done
    finally:
        if done:
            _iptables("-D", *rule)


def _iptables(*arguments: str) -> bool:
    program = shutil.which("iptables")
    if program is None:
        return False
    return subprocess.run([program, *arguments], capture_output=True, check=False).returncode == 0
