"""Owns the check that the program's user can't become root again; must never trust that a run went well.

Under no-new-privileges an escalation fails instead of showing. So the image is run once without it, as a plain
`docker run` would, and watched to its end; and its layers are searched for what gives rights to whoever starts it:
a process may be quick, and what nobody starts today an intruder starts tomorrow. What the base brings is left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from graders.blame import unknown_base
from graders.check import Check
from graders.context import ContainerContext, LayerFile, LayerScan
from graders.engine.base import Process
from graders.finding import Finding, Undecidable
from graders.layers.hidden import hidden
from graders.layers.program import PROGRAM
from graders.layers.rights import (
    CAPABILITIES,
    SETUID,
    Identity,
    capability_names,
    identity_of,
    may,
    may_reach,
    open_accounts,
)
from graders.need import AN_IMAGE
from graders.outcome import Level
from graders.recorded import ORDINARY, scan, watched
from graders.text_case import as_input

ACCOUNT_FILES = ("etc/passwd", "etc/shadow", "etc/sudoers")
PACKAGE_LISTS = ("var/lib/dpkg/status", "lib/apk/db/installed")
NOBODY = Identity(-1, frozenset())
"""A user who owns nothing and is in no group: stands for one who is not known before the program has started."""


@dataclass(frozen=True, slots=True)
class Params:
    """What a program file may give."""

    capabilities: tuple[str, ...] = ("net_bind_service",)
    """Without "cap_". To bind a port below 1024 is not to be root."""
    programs: tuple[str, ...] = ()
    """Paths of programs that may carry the setuid bit of root."""

    def __post_init__(self) -> None:
        unknown = [name for name in self.capabilities if name not in CAPABILITIES]
        if unknown:
            raise ValueError(f"{unknown[0]!r} is no capability; written without cap_, in lower case")
        if any(not path.startswith("/") for path in self.programs):
            raise ValueError("the programs are given by their full paths")


def find(context: ContainerContext, params: Params) -> Iterator[Finding | Undecidable]:
    """A finding a way to root: a process that took it, a program that gives it, an account that is open."""
    if unknown := unknown_base(context.source.dockerfile, context.built.base):
        yield unknown
        return
    layers = context.built.layers.scan()
    user = identity_of(context.built.image.user, layers)
    who = user if user is not None and user.uid != 0 else NOBODY
    findings = [
        *_processes(context, user),
        *_programs(context, layers, who, params),
        *_accounts(context, layers, who),
    ]
    yield from findings
    if layers.problem and not findings:
        yield Undecidable(layers.problem)


def _processes(context: ContainerContext, user: Identity | None) -> Iterator[Finding]:
    """The first process of root; where the image starts as root, the first after a moment without one."""
    result = context.container.run(stdin=as_input(context.cases), hardened=False)
    is_watched = user is not None and user.uid != 0
    for look in result.looks:
        roots = [process for process in look if process.is_root]
        if roots and is_watched:
            yield Finding(
                f"Started without no-new-privileges, the program came to be root: {roots[0].args}",
                observed=f"user number {roots[0].uid}, started by {roots[0].real_uid}",
                expected="no process with user number 0, all along",
                line=context.source.setting_line("USER"),
            )
            return
        is_watched = is_watched or not roots


def _programs(context: ContainerContext, layers: LayerScan, user: Identity, params: Params) -> Iterator[Finding]:
    unseen = {(file.layer, file.path) for file in hidden(layers.files)}
    base = {file.path: file for file in layers.base_files}
    upgraded = {file.layer for file in layers.files if file.path in PACKAGE_LISTS}
    for file in layers.files:
        if file.kind != "file" or file.whiteout or not file.program or (file.layer, file.path) in unseen:
            continue
        names = set(capability_names(file.capabilities)) - set(params.capabilities)
        is_setuid = bool(file.mode & SETUID) and file.uid == 0 and f"/{file.path}" not in params.programs
        old = base.get(file.path)
        if old is not None and (old.size_bytes == file.size_bytes or file.layer in upgraded):
            is_setuid = is_setuid and not (old.mode & SETUID)
            names -= set(capability_names(old.capabilities))
        if not (is_setuid or names) or not may(file, user, 1) or not may_reach(file.path, user, layers):
            continue
        given = "the rights of root" if is_setuid else ", ".join(f"cap_{name}" for name in sorted(names))
        yield Finding(
            f"/{file.path} gives {given} to whoever starts it, and the program's user may start it",
            observed=f"mode {file.mode & 0o7777:04o}, owner {file.uid}"
            + (f", capabilities {', '.join(sorted(names))}" if names else ""),
            expected="no setuid bit of root and no file capability above the base image",
            line=context.built.layer_line(file.layer),
        )


def _accounts(context: ContainerContext, layers: LayerScan, user: Identity) -> Iterator[Finding]:
    unseen = {(file.layer, file.path) for file in hidden(layers.files)}
    seen = [
        file
        for file in layers.files
        if file.kind == "file" and not file.whiteout and (file.layer, file.path) not in unseen
    ]
    written = {file.path: file for file in seen if file.path in ACCOUNT_FILES}
    named = [account for account in open_accounts(layers) if {"etc/passwd", "etc/shadow"} & set(written)]
    for account in named:
        file = written.get("etc/shadow") or written["etc/passwd"]
        yield Finding(
            f"The account {account} has user number 0 and can be logged in to, with su for example",
            observed="a password that is empty, or set",
            expected="a locked account",
            line=context.built.layer_line(file.layer),
        )
    for path, file in written.items():
        if may(file, user, 2):
            yield Finding(
                f"The program's user may change /{path}, and so give itself the rights of root",
                observed=f"mode {file.mode & 0o7777:04o}, owner {file.uid}, group {file.gid}",
                expected="a file that only root may change",
                line=context.built.layer_line(file.layer),
            )


def entry(path: str, mode: int = 0o755, *, layer: int = 1, program: str = PROGRAM, bits: int = 0) -> LayerFile:
    """A file of root's, a program unless told otherwise."""
    return LayerFile(layer, path, 100_000, mode, 0, 0, "file", program=program, capabilities=bits)


ROOT = Process(pid=7, uid=0, real_uid=1000, args="sudo python src/predict.py")
PASSWD = b"root:x:0:0:root:/root:/bin/bash\napp:x:1000:1000::/home/app:/bin/sh\n"
SETUID_BIT = 1 << 7
OWN_SHADOW = entry("etc/shadow", 0o640, program="")

CHECK = Check(
    id="regains-privilege",
    claim="The program's user has no way back to root",
    why="Whoever takes over the program is that user. One setuid program, and he is root all the same.",
    hint="find / -perm -4000 lists what carries the bit. What of that did your Dockerfile bring or make?",
    sources=(
        "https://docs.docker.com/engine/security/#linux-kernel-capabilities",
        "https://docs.kernel.org/userspace-api/no_new_privs.html",
    ),
    level=Level.CONTAINER,
    find=find,
    params=Params,
    needs=(*AN_IMAGE, "user-is-root", "process-is-root"),
    bad=(
        watched(scan(), (ORDINARY,), (ORDINARY, ROOT)),
        watched(scan(files=(entry("usr/bin/sudo", 0o4755),))),
        watched(scan(files=(entry("usr/local/bin/python3.11", bits=SETUID_BIT),))),
        watched(scan(files=(OWN_SHADOW,), passwd=PASSWD, shadow=b"root::19000:0:99999:7:::\n")),
        watched(scan(files=(entry("etc/passwd", 0o666, program=""),), passwd=PASSWD)),
    ),
    good=(
        watched(scan()),
        watched(scan(files=(entry("app/start.sh", 0o4755, program=""),))),
        watched(scan(files=(entry("usr/bin/su", 0o4755),), base_files=(entry("usr/bin/su", 0o4755, layer=0),))),
        watched(scan(files=(OWN_SHADOW,), passwd=PASSWD, shadow=b"root:*:19000:0:99999:7:::\n")),
    ),
)
