"""Commands on who one is, and on becoming somebody else."""

from __future__ import annotations

from typing import Final

from envs.devices.unix.calls import Call, CommandTable, UsageError
from envs.devices.unix.filesystem import ROOT, User

COMMANDS: Final = CommandTable()

_SHELLS: Final = frozenset({"bash", "sh", "su"})


@COMMANDS.add("whoami", summary="print the user name")
def whoami(call: Call) -> int:
    """Print the user."""
    call.out.line(call.user.name)
    return 0


@COMMANDS.add("id", "groups", summary="print user and groups")
def identify(call: Call) -> int:
    """Print user and groups."""
    ids = {name: 0 if name == "root" else 1000 + n for n, name in enumerate(sorted(call.machine.users))}
    name = next((arg for arg in call.args if not arg.startswith("-")), call.user.name)
    if name not in call.machine.users:
        return call.fail(f"'{name}': no such user")
    user = call.machine.users[name]
    groups = sorted(user.groups, key=lambda name: (name != user.name, name))
    if call.name == "groups":
        call.out.line(" ".join(groups))
    elif call.args[:1] == ["-u"]:
        call.out.line(str(ids[user.name]))
    else:
        number = ids[user.name]
        shown = ",".join(f"{ids.get(name, 50)}({name})" for name in groups)
        call.out.line(f"uid={number}({user.name}) gid={number}({user.name}) groups={shown}")
    return 0


@COMMANDS.add("sudo", summary="run a command as root")
def sudo(call: Call) -> int:
    """Run a command as root, if that is allowed; -i, -s, su and a bare shell begin a root shell."""
    args = list(call.args)
    user = ROOT
    letters = ""
    while args and args[0].startswith("-"):
        letters += args.pop(0)[1:]
        if letters.endswith("u"):
            name = args.pop(0) if args else ""
            if name not in call.machine.users:
                raise UsageError(f"unknown user {name}")
            user = call.machine.users[name]
    if not call.user.is_root and call.user.name not in call.machine.sudoers:
        call.journal.log("sudo", f"{call.user.name} : user NOT in sudoers ; PWD={call.session.cwd}")
        call.err.line(f"{call.user.name} is not in the sudoers file.")
        return 1
    if "l" in letters:
        call.out.line(
            f"User {call.user.name} may run the following commands on {call.machine.hostname}:\n    (ALL) ALL"
        )
        return 0
    what = " ".join(args) or "/bin/bash"
    call.journal.log("sudo", f"{call.user.name} : PWD={call.session.cwd} ; USER={user.name} ; COMMAND={what[:200]}")
    begins_shell = bool(set(letters) & {"i", "s"}) if not args else args[0] in _SHELLS and not args[1:]
    if begins_shell or (args[:1] == ["su"] and set(args[1:]) <= {"-", "root"}):
        _log_in(call, user)
        return 0
    if not args:
        raise UsageError("usage: sudo [-u user] command")
    return call.command(args, user)


@COMMANDS.add("su", summary="become another user")
def su(call: Call) -> int:
    """Become root or another user, or run one command as them; who is not root gives the password as input."""
    args, order = list(call.args), ""
    if "-c" in args:
        at = args.index("-c")
        order = " ".join(args[at + 1 : at + 2])
        del args[at : at + 2]
        if not order:
            raise UsageError("option requires an argument -- 'c'")
    name = next((arg for arg in args if not arg.startswith("-")), "root")
    if name not in call.machine.users:
        return call.fail(f"user {name} does not exist or the user entry does not contain all the required fields")
    password = call.machine.passwords.get(name)
    if not call.user.is_root and (password is None or call.stdin.strip() != password):
        return call.fail("Authentication failure")
    if order:
        return call.command(["sh", "-c", order], call.machine.users[name])
    _log_in(call, call.machine.users[name])
    return 0


def _log_in(call: Call, user: User) -> None:
    call.session.logins.append(call.session.user)
    call.session.user = user
