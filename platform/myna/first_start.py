"""The first start on a fresh database: a workspace, its owner with a generated password, and a file that keeps it."""

import os
from dataclasses import dataclass
from pathlib import Path

from myna.errors import Conflict
from myna.identity.passwords import hash_password, new_password
from myna.ids import new_id
from myna.model.workspace import User, UserKind, Workspace, WorkspaceRole
from myna.ports.accounts import Accounts

HANDLE = "operator"
PASSWORD_FILE = "operator-password.txt"  # noqa: S105 - a file's name


@dataclass(frozen=True, slots=True)
class FirstStart:
    """The workspace that this installation serves first. `password` is set only when the owner was made just now."""

    workspace: Workspace
    owner: User
    password: str | None


async def ensure_workspace(accounts: Accounts, data: Path, name: str) -> FirstStart:
    """The first workspace and its owner, made if they are missing. Repeating it, also after a crash, changes nothing.

    The password is written to a file with mode 600 before the owner exists, so it can never be lost with the screen.
    """
    workspace = await accounts.first_workspace()
    if workspace is None:
        workspace = Workspace(new_id(), name)
        await accounts.add_workspace(workspace)
    found = await accounts.credentials(HANDLE)
    if found is not None:
        return FirstStart(workspace, found[0], None)
    password = new_password()
    _keep(data / PASSWORD_FILE, password)
    owner = User(new_id(), workspace.id, UserKind.HUMAN, "Ana", HANDLE, "en", WorkspaceRole.OWNER)
    try:
        await accounts.add_user(owner, await hash_password(password))
    except Conflict:
        other = await accounts.credentials(HANDLE)
        assert other is not None
        return FirstStart(workspace, other[0], None)
    return FirstStart(workspace, owner, password)


def _keep(path: Path, password: str) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as file:
        os.fchmod(file.fileno(), 0o600)
        file.write(password + "\n")
