"""Hosts in network namespaces of their own on one bridge, whose cable can be pulled. Linux, and the right to do so."""

from __future__ import annotations

import asyncio
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

#: A network of documentation's (RFC 5737): nobody's real one.
_NET = "198.51.100"
GATEWAY = f"{_NET}.1"
_BRIDGE = "resumes-br"


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True, text=True)


class Host:
    """One namespace with an address on the bridge."""

    def __init__(self, number: int) -> None:
        self.address = f"{_NET}.{number + 1}"
        self._name, self._cable = f"resumes-{number}", f"resumes-v{number}"
        _ip("netns", "add", self._name)
        _ip("link", "add", self._cable, "type", "veth", "peer", "name", "eth0", "netns", self._name)
        _ip("link", "set", self._cable, "master", _BRIDGE, "up")
        for device in ("lo", "eth0"):
            _ip("-n", self._name, "link", "set", device, "up")
        _ip("-n", self._name, "addr", "add", f"{self.address}/24", "dev", "eth0")

    def command(self, *arguments: str) -> list[str]:
        """The command line that runs these on this host."""
        return ["ip", "netns", "exec", self._name, *arguments]

    def cut(self) -> None:
        """Pull the cable: packets are lost, and nobody is told."""
        _ip("link", "set", self._cable, "down")

    def heal(self) -> None:
        _ip("link", "set", self._cable, "up")

    def remove(self) -> None:
        subprocess.run(["ip", "netns", "delete", self._name], check=False, capture_output=True)


@contextmanager
def hosts_running(number: int) -> Iterator[list[Host]]:
    """So many hosts; this process is their gateway. Raises CalledProcessError or OSError where it cannot be."""
    hosts: list[Host] = []
    _ip("link", "add", _BRIDGE, "type", "bridge")
    try:
        _ip("addr", "add", f"{GATEWAY}/24", "dev", _BRIDGE)
        _ip("link", "set", _BRIDGE, "up")
        hosts += [Host(one) for one in range(1, number + 1)]
        yield hosts
    finally:
        for host in hosts:
            host.remove()
        _ip("link", "delete", _BRIDGE)


@contextmanager
def reachable_at(socket_path: Path, port: int) -> Iterator[None]:
    """A server on a Unix socket, which no cut would reach, at a port of the gateway."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(1 << 16):
                writer.write(data)
                await writer.drain()
        writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server_reader, server_writer = await asyncio.open_unix_connection(str(socket_path))
        await asyncio.gather(pipe(reader, server_writer), pipe(server_reader, writer))

    server = asyncio.run_coroutine_threadsafe(asyncio.start_server(serve, GATEWAY, port), loop).result()
    try:
        yield
    finally:
        loop.call_soon_threadsafe(server.close)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
