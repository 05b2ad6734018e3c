"""Who the embedded servers run as. PostgreSQL refuses root, and so should everything that listens.

1. A normal user runs them as herself.
2. Root gives them to an unprivileged account that can reach the binaries and the data.
3. Where no account can (a clone below a private home), or where the user has no passwd entry (a container started with
   any uid), they run in a user namespace in which the caller appears as an ordinary user. Files stay the caller's.
"""

import ctypes
import os
import pwd
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from common.embedded.errors import EmbeddedError

CLONE_NEWUSER = 0x10000000
ACCOUNTS = ("postgres", "nobody")
UNPRIVILEGED_UID = 65534
LIBC = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class Identity:
    """The account that owns a server's files and runs its process."""

    label: str
    uid: int
    gid: int
    switch: bool = False
    user_namespace: bool = False

    def popen_options(self) -> dict[str, Any]:
        """Arguments of `Popen` that change the account."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []} if self.switch else {}

    def before_exec(self) -> None:
        """Run in the child: enter the user namespace where one is needed."""
        if self.user_namespace:
            enter_user_namespace()

    def own(self, folder: Path) -> None:
        """Make `folder`, private to this identity; take over what another of our identities left there."""
        folder.mkdir(mode=0o700, exist_ok=True)
        if folder.stat().st_uid == self.uid:
            return
        if os.geteuid() != 0:
            raise EmbeddedError(
                f"{folder} belongs to another user (was the product once started as root?).\n"
                f"  Keep the data:  sudo chown -R $(id -u):$(id -g) {folder.parent}\n"
                f"  Start afresh:   sudo rm -r {folder.parent}"
            )
        for path in (folder, *folder.rglob("*")):
            os.chown(path, self.uid, self.gid, follow_symlinks=False)


def choose(folder: Path, program: Path) -> Identity:
    """Return the identity for servers that live in `folder` and are started from `program`."""
    uid, gid = os.geteuid(), os.getegid()
    if uid != 0 and has_account(uid):
        return Identity("you", uid, gid)
    account = usable_account(folder, program) if uid == 0 else None
    if account:
        return Identity(f"account {account.pw_name}", account.pw_uid, account.pw_gid, switch=True)
    if namespaces_work():
        return Identity("user namespace", uid, gid, user_namespace=True)
    raise EmbeddedError(
        f"PostgreSQL does not run as {'root' if uid == 0 else 'a user without a passwd entry'}, no unprivileged "
        f"account can reach {folder}, and this machine allows no user namespaces.\n"
        "  Run as a normal user, or set DATABASE_URL, DATABASE_OWNER_URL and the three REDIS_*_URL to real servers."
    )


def has_account(uid: int) -> bool:
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True


def usable_account(folder: Path, program: Path) -> pwd.struct_passwd | None:
    return next(
        (found for found in pwd.getpwall() if found.pw_name in ACCOUNTS and can_use(found, folder, program)), None
    )


def can_use(account: pwd.struct_passwd, folder: Path, program: Path) -> bool:
    """Ask the kernel, not the mode bits: access lists and mount options count too."""
    return all(
        succeeds(command, user=account.pw_uid, group=account.pw_gid, extra_groups=[])
        for command in (["test", "-x", str(folder)], [str(program), "--version"])
    )


def succeeds(command: list[str], **options: Any) -> bool:
    try:
        done = subprocess.run(command, cwd="/", check=False, capture_output=True, **options)
    except (OSError, subprocess.SubprocessError):
        return False
    return done.returncode == 0


def namespaces_work() -> bool:
    return sys.platform == "linux" and succeeds(["true"], preexec_fn=enter_user_namespace)


def enter_user_namespace() -> None:
    """Map the caller to an unprivileged uid in a new user namespace; PostgreSQL's check for root then passes."""
    uid, gid = os.geteuid(), os.getegid()
    if LIBC.unshare(CLONE_NEWUSER):
        raise OSError(ctypes.get_errno(), "unshare(CLONE_NEWUSER)")
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{UNPRIVILEGED_UID} {uid} 1")
    Path("/proc/self/gid_map").write_text(f"{UNPRIVILEGED_UID} {gid} 1")
