"""Owns the check of the user that an image is set to run as; must never trust a name.

Names and numbers are resolved as the engine does: the first line of /etc/passwd whose name or number fits
(github.com/moby/sys, user.GetExecUser). So an account with number 0 is root whatever it is called.
"""

from __future__ import annotations

from collections.abc import Iterator

from graders.check import Check, NoParams
from graders.context import ImageContext
from graders.finding import Finding, Undecidable
from graders.need import AN_IMAGE
from graders.outcome import Level
from graders.recorded import image, image_context, layer, scan

ROOT_NAMES = frozenset({"", "root"})


def find(context: ImageContext, _params: NoParams) -> Iterator[Finding | Undecidable]:
    """A finding when the configured user is number 0."""
    configured = context.image.user
    user = configured.partition(":")[0]
    line = context.source.setting_line("USER")
    expected = "a user whose number is not 0"
    if user in ROOT_NAMES or _number(user) == 0:
        message = (
            f"The image runs as root (USER {configured})" if configured else "The image has no USER, so it runs as root"
        )
        yield Finding(message, observed=configured or "root", expected=expected, line=line)
        return
    found = context.layers.scan()
    number = _resolved(user, found.passwd)
    if number == 0:
        message = f"The user {user} has the number 0 in /etc/passwd, so it is root by another name"
        yield Finding(message, observed=f"{user} is number 0", expected=expected, line=line)
    elif number is None:
        yield Undecidable(f"The image does not say which number the user {user} has")


def _resolved(user: str, passwd: bytes | None) -> int | None:
    own = _number(user)
    for row in (passwd or b"").decode("utf-8", errors="replace").splitlines():
        if not row.strip():
            continue
        # A row that ends early has the number 0 for the engine, as has one that holds no number.
        parts = [*row.strip().split(":"), "", "", ""]
        number = _number(parts[2])
        if parts[0] == user or (own is not None and number == own):
            return number if number is not None else 0
    return own


def _number(text: str) -> int | None:
    try:
        return int(text)
    except ValueError:
        return None


CHECK = Check(
    id="user-is-root",
    claim="The image is set to run as an ordinary user",
    why="Root inside a container is root to every bug in the kernel and to every folder that is mounted.",
    hint="An account is root when its number is 0. What number does yours have?",
    sources=("https://docs.docker.com/reference/dockerfile/#user",),
    level=Level.IMAGE,
    find=find,
    params=NoParams,
    needs=AN_IMAGE,
    bad=(
        image_context(image=image(layer("base", 1), user="")),
        image_context(image=image(layer("base", 1), user="root")),
        image_context(image=image(layer("base", 1), user="00:0")),
        image_context(image=image(layer("base", 1), user="captain"), scan=scan(passwd=b"captain:x:0:0::/:/bin/sh\n")),
        image_context(image=image(layer("base", 1), user="1000"), scan=scan(passwd=b"1000:x:0:0::/:/bin/sh\n")),
    ),
    good=(
        image_context(),
        image_context(image=image(layer("base", 1), user="10001:0")),
    ),
)
