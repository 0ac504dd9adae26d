"""Compressed streams, unpacked piece by piece in memory that no input can make grow."""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable, Iterator
from typing import Protocol

import zstandard

from pipeline.domain.errors import SourceRejected
from pipeline.ports import RandomAccess

#: Bytes of one piece, unpacked.
_PIECE = 1024 * 1024
_PACKED_NEAR, _PACKED_FAR = 256 * 1024, 8 * 1024 * 1024
#: A zstd block of 4 bytes unpacks to 128 KiB, and all of what is fed unpacks at once: 16 MiB at most.
_ZSTD_FED = 512
#: What `xz -9` and `zstd --ultra` without --long need, and no more.
_XZ_MEMORY = 128 * 1024 * 1024
_ZSTD_WINDOW = 128 * 1024 * 1024
_ERRORS = (zlib.error, lzma.LZMAError, zstandard.ZstdError, OSError, EOFError)


class Decoder(Protocol):
    """One compressed stream, as `bz2` and `lzma` have it."""

    @property
    def eof(self) -> bool: ...

    @property
    def needs_input(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


class _Gzip:
    def __init__(self) -> None:
        self._inflater = zlib.decompressobj(16 + zlib.MAX_WBITS)

    @property
    def eof(self) -> bool:
        return self._inflater.eof

    @property
    def needs_input(self) -> bool:
        return not self._inflater.unconsumed_tail

    @property
    def unused_data(self) -> bytes:
        return self._inflater.unused_data

    def decompress(self, data: bytes, max_length: int, /) -> bytes:
        return self._inflater.decompress(self._inflater.unconsumed_tail + data, max_length)


class _Zstd:
    """Its own reader says nothing of a stream that was cut off, and its object knows no longest output."""

    def __init__(self) -> None:
        self._frame = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW).decompressobj()
        self._data, self._at = b"", 0

    @property
    def eof(self) -> bool:
        return self._frame.eof

    @property
    def needs_input(self) -> bool:
        return self._at >= len(self._data)

    @property
    def unused_data(self) -> bytes:
        return self._frame.unused_data + self._data[self._at :]

    def decompress(self, data: bytes, max_length: int, /) -> bytes:
        """Little input at a time, in place of `max_length`."""
        self._data, self._at = (data, 0) if self.needs_input else (self._data, self._at)
        fed = self._data[self._at : self._at + _ZSTD_FED]
        self._at += len(fed)
        return self._frame.decompress(fed)


_DECODERS: tuple[tuple[bytes, Callable[[], Decoder]], ...] = (
    (b"\x1f\x8b", _Gzip),
    (b"\x28\xb5\x2f\xfd", _Zstd),
    (b"BZh", bz2.BZ2Decompressor),
    (b"\xfd7zXZ\x00", lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_XZ_MEMORY)),
)


def decoder_for(head: bytes) -> Callable[[], Decoder] | None:
    """What unpacks a file that begins with `head`, where it is compressed."""
    return next((decoder for magic, decoder in _DECODERS if head.startswith(magic)), None)


def unpacked(file: RandomAccess, new: Callable[[], Decoder]) -> Iterator[bytes]:
    """The file's content in pieces; several streams one after the other are one.

    Raises SourceRejected where it is damaged or cut off, SourceMissing, ObjectStoreUnavailable.
    """
    packed, decoder = _pieces(file), new()
    while True:
        data = b""
        if decoder.eof:
            data = decoder.unused_data
            while not (data := data.lstrip(b"\0")):  # streams may be padded
                if (piece := next(packed, None)) is None:
                    return
                data = piece
            decoder = new()
        elif decoder.needs_input:
            data = next(packed, b"")
        out = _decompressed(decoder, data)
        if not (data or out or decoder.eof) and decoder.needs_input:
            raise SourceRejected("The archive is cut off: it was not copied to its end; copy it again.")
        if out:
            yield out


def _pieces(file: RandomAccess) -> Iterator[bytes]:
    length = _PACKED_NEAR if file.near else _PACKED_FAR
    for offset in range(0, file.size, length):
        yield file.read_at(offset, length)


def _decompressed(decoder: Decoder, data: bytes) -> bytes:
    try:
        return decoder.decompress(data, _PIECE)
    except _ERRORS:
        raise SourceRejected("The archive is damaged (it does not unpack): pack it again.") from None
