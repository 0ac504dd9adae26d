"""Clients that ask as fast as they are answered, in a process of their own: rates and latencies over HTTP/1.1.

Written on sockets: a client library would cost more than the servers that it measures. Every client keeps one
connection, and opens another when it is closed.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

_CONNECT_S, _ANSWER_S = 10.0, 120.0


@dataclass(frozen=True, slots=True)
class Load:
    """What clients met: answers by status, seconds of each answer in order of arrival, and the whole time in seconds.

    Status 0 stands for a connection that ended or could not be made.
    """

    statuses: dict[int, int]
    latencies: tuple[float, ...]
    elapsed_s: float
    content_types: dict[str, int]

    @property
    def rate(self) -> float:
        """Successful answers a second."""
        return sum(n for status, n in self.statuses.items() if 200 <= status < 300) / self.elapsed_s

    def percentile_ms(self, share: float) -> float:
        """The latency that `share` of the answers did not exceed, in milliseconds."""
        ordered = sorted(self.latencies)
        return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def multipart_upload(path: str, key: str, content: bytes, *, port: int) -> bytes:
    """The bytes of one upload request."""
    boundary = b"----resumes-benchmark"
    body = (
        b"--" + boundary + b'\r\nContent-Disposition: form-data; name="file"; filename="resume.pdf"\r\n'
        b"Content-Type: application/pdf\r\n\r\n" + content + b"\r\n--" + boundary + b"--\r\n"
    )
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {key}\r\n"
        f"Content-Type: multipart/form-data; boundary={boundary.decode()}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def get(path: str, key: str, *, port: int) -> bytes:
    """The bytes of a GET request."""
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {key}\r\n\r\n".encode()


def load(port: int, requests: Sequence[bytes], *, clients: int, seconds: float) -> Load:
    """`clients` send these requests in turn to this machine's `port` for `seconds`, each waiting for its answer."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, context) as pool:
        return pool.submit(_run, port, list(requests), clients, seconds).result()


def _run(port: int, requests: list[bytes], clients: int, seconds: float) -> Load:
    return asyncio.run(_all(port, requests, clients, seconds))


async def _all(port: int, requests: list[bytes], clients: int, seconds: float) -> Load:
    statuses: Counter[int] = Counter()
    types: Counter[str] = Counter()
    latencies: list[float] = []
    began = time.perf_counter()
    turns = iter(range(10**9))

    async def client() -> None:
        connection = None
        while time.perf_counter() - began < seconds:
            sent = time.perf_counter()
            try:
                if connection is None:
                    async with asyncio.timeout(_CONNECT_S):
                        connection = await asyncio.open_connection("127.0.0.1", port)
                async with asyncio.timeout(_ANSWER_S):
                    status, kind, stays = await _exchange(*connection, requests[next(turns) % len(requests)])
            except (OSError, EOFError, TimeoutError):
                status, kind, stays = 0, "", False
                await asyncio.sleep(0.01)
            statuses[status] += 1
            types[f"{status} {kind}"] += 1
            latencies.append(time.perf_counter() - sent)
            if not stays and connection is not None:
                connection[1].close()
                connection = None

    await asyncio.gather(*(client() for _ in range(clients)))
    return Load(dict(statuses), tuple(latencies), time.perf_counter() - began, dict(types))


async def _exchange(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes
) -> tuple[int, str, bool]:
    """Status, content type, and whether the connection stays open."""
    writer.write(request)
    await writer.drain()
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    fields = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
    status = int(head.split(" ", 2)[1])
    if "content-length" in fields:
        await reader.readexactly(int(fields["content-length"]))
    elif fields.get("transfer-encoding") == "chunked":
        while size := int((await reader.readline()).split(b";")[0], 16):
            await reader.readexactly(size + 2)
        await reader.readline()
    return status, fields.get("content-type", ""), fields.get("connection") != "close"
