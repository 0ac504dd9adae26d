"""LibreOffice as a converter: one process a document, in a group of its own that is killed whole.

Each run has its own profile and folder, both gone afterwards, whoever dies first. Macros do not run, and nothing that a
document links to is fetched, from the network or from this machine.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import struct
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from pipeline.domain.errors import CorruptDocument, EncryptedDocument, ResourceLimit, UnsupportedDocument

_MOST_WRITTEN_MIB = 100
#: Standard input is a pipe that the service holds: its end means that the service died, and then everything here ends.
_SHELL = """
folder=$1; ulimit -v "$2" 2>/dev/null; ulimit -t "$3"; ulimit -f "$4"; ulimit -c 0; niceness=$5; shift 5
exec 3<&0
(read -r _ <&3; rm -rf "$folder"; kill -9 0) &
nice -n "$niceness" "$@" 3<&- </dev/null
"""
_SECURITY = "/org.openoffice.Office.Common/Security/Scripting"
_UPDATE = "/org.openoffice.Office.Writer/Content/Update"
_NEVER = "2"
_INTERNET = "/org.openoffice.Inet/Settings"
_MANUAL, _NOBODY, _DISCARD = "2", "127.0.0.1", "9"
#: What the profile begins with: (path, name, value).
_SETTINGS = (
    (_SECURITY, "BlockUntrustedRefererLinks", "true"),
    (_SECURITY, "DisableMacrosExecution", "true"),
    (_SECURITY, "MacroSecurityLevel", "3"),
    (_UPDATE, "Link", _NEVER),
    # Pictures that are linked are fetched all the same: every address is asked of a proxy that is not there.
    (_INTERNET, "ooInetProxyType", _MANUAL),
    (_INTERNET, "ooInetNoProxy", ""),
    (_INTERNET, "ooInetHTTPProxyName", _NOBODY),
    (_INTERNET, "ooInetHTTPProxyPort", _DISCARD),
    (_INTERNET, "ooInetHTTPSProxyName", _NOBODY),
    (_INTERNET, "ooInetHTTPSProxyPort", _DISCARD),
    (_INTERNET, "ooInetFTPProxyName", _NOBODY),
    (_INTERNET, "ooInetFTPProxyPort", _DISCARD),
)
_SECTOR = 512  #: of an OLE container: streams begin at one
#: A Word document's first stream begins with its version, and has a flag that says whether it is encrypted.
_MAGIC, _FLAGS_AT, _ENCRYPTED = 0xA5EC, 10, 0x0100
_OVER_LIMIT = {
    status
    for number in (signal.SIGXCPU, signal.SIGXFSZ, signal.SIGABRT, signal.SIGKILL)
    for status in (-number, 128 + number)
}


def office() -> str | None:
    """The path of LibreOffice's program; None where it is not installed."""
    return shutil.which("soffice")


async def as_pdf(content: bytes, *, timeout_s: float, memory_mib: int, nice: int = 0) -> bytes:
    """An old Word document as a PDF. `memory_mib` is the address space of each of LibreOffice's processes.

    Raises UnsupportedDocument where LibreOffice is not installed, EncryptedDocument, CorruptDocument (it cannot be
    opened) and ResourceLimit (time, CPU, memory or disk exceeded).
    """
    program = office()
    if program is None:
        raise UnsupportedDocument(
            "Word files of before 2007 (.doc) are read only where LibreOffice is installed: save it as .docx."
        )
    if _is_encrypted(content):
        raise EncryptedDocument()
    folder = Path(await asyncio.to_thread(_prepared, content))
    try:
        return await _converted(folder, _command(program, folder, timeout_s, memory_mib, nice), timeout_s)
    finally:
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


def _prepared(content: bytes) -> str:
    """A folder with the document and a profile."""
    folder = tempfile.mkdtemp(prefix="resume-doc-")
    Path(folder, "resume.doc").write_bytes(content)
    profile = Path(folder, "profile", "user")
    profile.mkdir(parents=True)
    items = "".join(
        f'<item oor:path="{path}"><prop oor:name="{name}" oor:op="fuse"><value>{value}</value></prop></item>'
        for path, name, value in _SETTINGS
    )
    (profile / "registrymodifications.xcu").write_text(
        f'<oor:items xmlns:oor="http://openoffice.org/2001/registry">{items}</oor:items>', "utf-8"
    )
    return folder


async def _converted(folder: Path, command: Sequence[str], timeout_s: float) -> bytes:
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=folder,
        env={
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(folder),
            "TMPDIR": str(folder),
            "LANG": "C.UTF-8",
        },
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(timeout_s):
            await process.wait()
    except TimeoutError:
        raise ResourceLimit(f"The document needs more than {timeout_s:g} s to read.") from None
    finally:
        with suppress(ProcessLookupError):  # whatever it started, too
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
    made = folder / "resume.pdf"
    if made.is_file():
        return await asyncio.to_thread(made.read_bytes)
    if process.returncode in _OVER_LIMIT:
        raise ResourceLimit("The document needs more than one resume is given.")
    raise CorruptDocument("The Word file cannot be opened: save it as .docx and upload the new file.")


def _command(program: str, folder: Path, timeout_s: float, memory_mib: int, nice: int) -> list[str]:
    limits = (memory_mib * 1024, int(timeout_s) + 2, _MOST_WRITTEN_MIB * 2048)
    return [
        "sh", "-c", _SHELL, "sh", str(folder), *map(str, limits), str(nice),
        program, f"-env:UserInstallation={(folder / 'profile').as_uri()}", "--headless", "--norestore", "--nolockcheck",
        "--infilter=MS Word 97", "--convert-to", "pdf:writer_pdf_Export", "--outdir", str(folder),
        str(folder / "resume.doc"),
    ]  # fmt: skip


def _is_encrypted(content: bytes) -> bool:
    for at in range(_SECTOR, len(content) - _FLAGS_AT - 2, _SECTOR):
        magic, flags = (struct.unpack_from("<H", content, at + offset)[0] for offset in (0, _FLAGS_AT))
        if magic == _MAGIC:
            return bool(flags & _ENCRYPTED)
    return False
