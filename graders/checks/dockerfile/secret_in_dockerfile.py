"""Owns the check that no secret stands in the Dockerfile; must never repeat a whole secret in what it says.

The whole file counts, stages that nothing is taken from and ONBUILD too: whoever may read the file has the secret,
whatever is built from it. A comment is left out, as is a reference (`$TOKEN`, a secret mount, a path to a file); a
secret that the exercise knows counts in a comment too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from graders.check import Check
from graders.dockerfile.environment import line_of_pair, pairs_of
from graders.dockerfile.model import Dockerfile, Instruction
from graders.dockerfile_context import DockerfileContext
from graders.finding import Finding
from graders.outcome import Level
from graders.secret import SecretWords, given_in, is_harmless, masked, promises_secret, scattered_in, shapes_in

_ASSIGNMENT = re.compile(
    r"(?<![\w$%{-])(?:--?)?([A-Za-z][\w.-]{0,80}?)\s?=\s?(\"[^\"\n]{0,300}\"|'[^'\n]{0,300}'|[^\s;&|\"']{1,300})"
)
_OPTION = re.compile(r"(?<!\S)--([a-z][a-z-]{2,40})\s+([^\s;&|\"'-][^\s;&|\"']{2,300})")
_LOGIN = re.compile(
    r"\blogin\s+[^\s\"'\\]{1,100}\s+password\s+([^\s\"'\\]{1,300})"
    r"|\bcurl(?=\s)[^;&|\n]{0,300}?\s(?:-u|--user)[ =]?[\"']?[\w.@-]{1,100}:([^\s;&|\"']{1,300})"
)
"""A password as .netrc and curl have it."""
_COMMENT = re.compile(r"(?:^|\s)#\s.*$", re.MULTILINE)
_COMMENT_LINE = re.compile(r"^[ \t]*#.*$", re.MULTILINE)
_VALUE = re.compile(r"[A-Za-z0-9+/!#%&?@^][\w+/=.:!#%&?@^~ -]{2,}\Z")
_EXPECTED = "a secret that is given at run time, or to one RUN by --mount=type=secret"
_REFERENCE = re.compile(r"\$\{?([A-Za-z_]\w*)\}?\Z")


Params = SecretWords


def find(context: DockerfileContext, params: Params) -> Iterator[Finding]:
    """One finding for each instruction that holds a secret, and for each other line with one that is known."""
    before: Mapping[str, str] = {}
    told: set[int] = set()
    for instruction in context.dockerfile.instructions:
        texts = _texts(instruction)
        fault = _shape(instruction, texts) or _named(context.dockerfile, instruction, texts, before, params)
        before = instruction.variables
        if fault:
            what, secret, line = fault
            told.update(range(instruction.line, instruction.end_line + 1))
            yield Finding(
                f"Line {line} of {instruction.keyword} holds {what}: {masked(secret)}",
                observed=masked(secret),
                expected=_EXPECTED,
                line=line,
                end_line=instruction.end_line,
            )
    for number, text in enumerate(context.dockerfile.lines if params.given else (), start=1):
        found = next(given_in(text, params), None) if number not in told else None
        if found is not None:
            what, secret = found
            told.add(number)
            yield Finding(
                f"Line {number} holds {what}: {masked(secret)}",
                observed=masked(secret),
                expected=_EXPECTED,
                line=number,
            )
    if params.given and not told:
        yield from _scattered(context.dockerfile, params)


def _scattered(dockerfile: Dockerfile, params: Params) -> Iterator[Finding]:
    """A finding for each known secret that only the lines together hold, at the first that has a part of it."""
    for part, secret in scattered_in("\n".join(dockerfile.lines), params):
        yield Finding(
            f"The lines of the Dockerfile together hold a secret, in parts: {masked(secret)}",
            observed=masked(secret),
            expected=_EXPECTED,
            line=next((number for number, text in enumerate(dockerfile.lines, start=1) if part in text), None),
        )


def _shape(instruction: Instruction, texts: tuple[str, ...]) -> tuple[str, str, int] | None:
    """A text that has the form of a known kind of secret."""
    for text in texts:
        for what, secret in shapes_in(text):
            return what, secret, instruction.line
    return None


def _named(
    dockerfile: Dockerfile,
    instruction: Instruction,
    texts: tuple[str, ...],
    before: Mapping[str, str],
    params: Params,
) -> tuple[str, str, int] | None:
    """A value under a name that promises a secret."""
    if instruction.keyword in ("ENV", "ARG", "LABEL"):
        for pair in pairs_of(dockerfile, instruction, before):
            if not promises_secret(pair.name, params) or not _is_secret(pair.value, params):
                continue
            reference = _REFERENCE.match((pair.raw or "").strip("\"'"))
            if reference is None or not promises_secret(reference[1], params):
                return f"a value for {pair.name}", pair.value, line_of_pair(dockerfile, pair)
        return None
    if instruction.keyword not in ("RUN", "CMD", "ENTRYPOINT", "COPY", "ADD", "HEALTHCHECK"):
        return None
    for text in texts:
        for match in _LOGIN.finditer(text) if "login" in text or "curl" in text else ():
            if _is_secret(match[1] or match[2], params):
                return "a password", match[1] or match[2], instruction.line
        for mark, pattern in (("=", _ASSIGNMENT), ("--", _OPTION)):
            if mark not in text:
                continue
            for match in pattern.finditer(text):
                value = match[2].strip("\"'")
                if promises_secret(match[1], params) and _is_secret(value, params):
                    return f"a value for {match[1]}", value, instruction.line
    return None


def _texts(instruction: Instruction) -> tuple[str, ...]:
    """The instruction's own text and what its heredocs hold, comments of a script left out."""
    bodies = (_COMMENT_LINE.sub("", heredoc.body) for heredoc in instruction.heredocs)
    own = " ".join(instruction.exec_form) if instruction.exec_form is not None else instruction.value
    return (_COMMENT.sub("", own) if "#" in own else own, *bodies)


def _is_secret(value: str, params: Params) -> bool:
    """Whether the value is itself a secret: no reference, and nothing harmless."""
    return bool(_VALUE.match(value)) and not is_harmless(value, params)


_BASE = "FROM python:3.11-slim\n"
_TOKEN = "ghp_" + "a1B2" * 9

CHECK = Check(
    id="secret-in-dockerfile",
    claim="No secret stands in the Dockerfile",
    why="The file goes to the repository, and ENV, ARG and RUN lines to the image's history: all can read them.",
    hint="Who can read this file, and what could they do with this value?",
    sources=(
        "https://docs.docker.com/build/building/secrets/",
        "https://docs.docker.com/reference/build-checks/secrets-used-in-arg-or-env/",
    ),
    level=Level.DOCKERFILE,
    find=find,
    params=Params,
    bad=(
        _BASE + "ENV API_KEY=s3cr3tvalue\n",
        _BASE + "arg DB_PASSWORD=hunter22\n",
        _BASE + f"RUN git clone https://user:{_TOKEN}@example.org/a.git\n",
        _BASE + "RUN pip install -i https://bot:hunter22@example.org/simple six\n",
        _BASE + "ARG WHAT=hunter22\nENV DB_PASSWORD=$WHAT\n",
        _BASE + "RUN export AWS_SECRET_ACCESS_KEY='wJalrXUtnFEMIK7MDENG' && aws s3 cp s3://a b\n",
        _BASE + "ENV A=1 \\\n    dbPassword=hunter22 \\\n    B=2\n",
        _BASE + "COPY <<EOF /app/.env\nAPI_TOKEN=hunter22\nEOF\n",
        _BASE + "ENV TOKEN=${TOKEN:-hunter22}\n",
        "FROM a AS unused\nENV API_TOKEN hunter22\nFROM python:3.11-slim\n",
        _BASE + 'CMD ["serve", "--password", "hunter22"]\n',
        _BASE + f"LABEL built-with={_TOKEN}\n",
        _BASE + "RUN printf 'machine hub login me password hunter22\\n' > ~/.netrc\n",
        _BASE + "RUN curl -u me:hunter22 https://example.org/m -o /m\n",
    ),
    good=(
        _BASE + "ARG TOKEN\nRUN --mount=type=secret,id=token TOKEN=$(cat /run/secrets/token) fetch\n",
        _BASE + "ENV API_KEY=$API_KEY DB_PASSWORD=${DB_PASSWORD} SECRET_KEY= APP_SECRET=dev\n",
        _BASE + "ENV TOKENIZERS_PARALLELISM=false MAX_TOKENS=512 TOKEN_LIMIT=4096 AUTHOR=somebody\n",
        _BASE + "ENV DB_PASSWORD_FILE=/run/secrets/db TOKEN_URL=https://example.org/token SECRET_NAME=prod\n",
        _BASE + f"# ENV API_KEY=s3cr3tvalue\n# {_TOKEN}\nRUN echo 'no password, no token: no entry'\n",
        _BASE
        + "ENV API_TOKEN=changeme PASSWORD=<yours> KEYBOARD=qwertz GPG_KEY=A035C8C19219BA821ECEA86B64E628F8D684696D\n",
        _BASE + "RUN pip install -i https://${USER}:${TOKEN}@example.org/simple six\n",
        _BASE + 'CMD ["serve", "--password-file", "/run/secrets/db"]\n',
        _BASE + "RUN curl -fsSL -u me:$PASS https://example.org/m -o /m && echo your login or password is wrong\n",
        _BASE
        + 'RUN echo "machine hub login me password $(cat /run/secrets/p)" > ~/.netrc && curl --user-agent a:bcde x\n',
    ),
)
