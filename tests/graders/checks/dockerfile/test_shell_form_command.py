"""Owns the proof that shell-form-command says what it should, and no more; its samples are in the check."""

from __future__ import annotations

from collections.abc import Callable

from graders.checks.dockerfile.shell_form_command import CHECK
from graders.finding import Finding
from tests.rows import rows

P = "FROM python:3.11-slim\n"

BAD = [
    (P + '# CMD ["a"]\nCMD python app.py\n', [3]),
    (P + "cmd python app.py\n", [2]),
    ("FROM python:3.11-slim AS a\nENTRYPOINT python app.py\nFROM a\n", [2]),
    (P + "ENTRYPOINT python app.py\nCMD -h\n", [2, 3]),
    (P + "ARG C='[\"a\"]'\nCMD $C\n", [3]),
    (P + "CMD ['python', 'app.py']\n", [2]),
    (P + 'CMD "python app.py"\n', [2]),
    (P + 'CMD ["python" "app.py"]\n', [2]),
    (P + 'CMD [ "/bin/bash", "-lc", "python app.py" ]\n', [2]),
    (P + 'CMD ["/usr/bin/env", "A=1", "sh", "-c", "python app.py"]\n', [2]),
    (P + 'ENTRYPOINT ["sh", "-c", "exec true; python app.py"]\n', [2]),
    (P + 'ENTRYPOINT ["bash", "-o", "pipefail", "-c", "python app.py"]\n', [2]),
    (P + 'SHELL ["python", "-c"]\nCMD print(1)\n', [3]),
    (P + 'CMD ["sh", "-c", "echo exec python app.py"]\n', [2]),
    (P + 'CMD ["tini", "--", "sh", "-c", "python app.py"]\n', [2]),
    (P + 'CMD ["sh", "-c", "exec 2>&1; python app.py"]\n', [2]),
]
GOOD = [
    P + '# CMD python app.py\nCMD ["python", "app.py"]\n',
    'FROM python:3.11-slim AS unused\nCMD python app.py\nFROM python:3.11-slim\nCMD ["python", "app.py"]\n',
    'FROM python:3.11-slim AS a\nCMD python app.py\nFROM a\nENTRYPOINT ["python"]\n',
    P + 'RUN echo \'CMD python app.py\'\nCMD ["echo", "CMD python app.py"]\n',
    P + 'RUN <<EOF\nCMD python app.py\nEOF\nCmd ["python"]\n',
    P + 'ONBUILD ENTRYPOINT python app.py\nCMD ["python"]\n',
    P + 'CMD python wrong.py\nCMD ["python"]\n',
    P + 'ENTRYPOINT ["tini", "--"]\nCMD ["python", "app.py"]\n',
    P + 'ENTRYPOINT ["./start.sh"]\nCMD ["sh"]\n',
    P + 'ENTRYPOINT ["gosu", "app", "python", "app.py"]\n',
    P + 'CMD ["sh", "-c", "exec uvicorn app:app --port ${PORT:-8000}"]\n',
    P + 'CMD ["bash", "-c", "set -e; source env.sh && exec python app.py"]\n',
    P + 'SHELL ["/bin/bash", "-c"]\nCMD exec python app.py --port $PORT\n',
    P + 'CMD ["python", \\\n  # the program\n  "app.py"]\n',
    P + "ENTRYPOINT []\nCMD []\n",
    P + 'ENTRYPOINT ["uv", "run", "--no-sync", "app.py"]\n',
    P + 'CMD ["sh", "start.sh", "-c"]\n',
    P + 'CMD ["sh", "-c", "cd /app && exec python app.py;"]\n',
    "FROM scratch\n",
]

Lines = Callable[..., list[int | None]]
WrongAnswers = Callable[..., dict[str, list[int | None]]]


def test_answers_are_those_of_the_tables(wrong_answers: WrongAnswers) -> None:
    """Each fault on its line, however it is written; words that only look like one mean nothing."""
    assert {} == wrong_answers(CHECK, bad=BAD, good=GOOD)


SCRIPTS = [
    ('CMD ["sh", "start.sh"]', "python app.py\n", [4]),
    ('CMD ["bash", "-e", "-o", "pipefail", "./start.sh"]', "exec 2>&1\npython app.py; exit $?\n", [4]),
    ('ENTRYPOINT ["./start.sh"]\nCMD ["-"]', '#!/usr/bin/env bash\npython app.py "$@"\n', [4]),
    ('ENTRYPOINT ["tini", "--"]\nCMD ["/app/start.sh"]', '#!/bin/sh\n"$@" || true\npython app.py\n', [5]),
    ('CMD ["sh", "start.sh"]', "python migrate.py\nexec python app.py\n", []),
    ('CMD ["sh", "start.sh"]', "trap 'kill $pid' TERM\npython app.py & pid=$!\nwait\n", []),
    ('CMD ["sh", "start.sh"]', ". ./run.sh\npython app.py\n", []),
    ('CMD ["sh", "start.sh"]', "while read line; do echo $line; done\n", []),
    ('CMD ["./start.sh"]', "#!/usr/bin/env python3\nimport app\n", []),
    ('CMD ["sh", "other.sh"]', "python app.py\n", []),
    ('RUN sed -i \'s/python/exec python/\' start.sh\nCMD ["sh", "start.sh"]', "python app.py\n", []),
    ('RUN chmod 755 start.sh\nCMD ["./start.sh"]', "#!/bin/sh\npython app.py\n", [5]),
    ('CMD ["sh", "start.sh"]', "(exec python app.py)\nexit $?\n", [4]),
    ('CMD ["sh", "start.sh"]', "exec 3<&0\nexec python app.py <&3 &\nwait $!\n", [4]),
    ('CMD ["sh", "start.sh"]', "exec python app.py >&2 || exit 1\n", []),
    ('CMD ["sh", "start.sh"]', "exec python app.py &>/tmp/log && true\n", []),
    ('CMD ["sh", "start.sh"]', "trap 'rm -f /tmp/x' EXIT\npython app.py\n", [4]),
    ('CMD ["bash", "start.sh"]', ". /opt/venv/bin/activate\npython app.py\n", [4]),
    ('CMD ["bash", "start.sh"]', "source .venv/bin/activate\nexec python app.py\n", []),
    ('CMD ["sh", "-c", "exec ./start.sh"]', "#!/bin/sh\npython app.py\n", [4]),
    ('CMD ["sh", "-c", "exec ./start.sh"]', "#!/bin/sh\nexec python app.py\n", []),
    ('ENTRYPOINT ["sh", "-c", "exec \\"$@\\"", "--"]\nCMD ["./start.sh"]', "#!/bin/sh\npython app.py\n", [4]),
    ('CMD ["sh", "start.sh", "python", "app.py"]', 'exec "$@"\n', []),
    ('CMD ["sh", "start.sh", "sh", "-c", "python app.py"]', 'exec "$@"\n', [4]),
    ('CMD ["sh", "start.sh"]', "exec sh -c 'python app.py'\n", [4]),
    ('CMD ["sh", "start.sh"]', "exec sh start.sh\n", []),
    ('CMD ["sh", "start.sh"]', "echo 'we exec python here'\npython app.py\n", [4]),
    ('CMD ["bash", "start.sh"]', "exec {fd}</dev/null\npython app.py\n", [4]),
    ('CMD ["sh", "start.sh"]', "cd /app && A=1 exec python app.py\n", []),
    ('CMD ["sh", "start.sh"]', "case $1 in\n  a) exec python a.py ;;\nesac\n", []),
    ('RUN ln -s /app/start.sh /bin/go && chmod 755 start.sh\nCMD ["sh", "/bin/go"]', "python app.py\n", [5]),
    ('RUN install -m 755 start.sh /bin/go\nCMD ["sh", "/bin/go"]', "python app.py\n", [5]),
    ('RUN mv start.sh /go.sh\nCMD ["sh", "/go.sh"]', "python app.py\n", [5]),
    ('RUN echo python app.py | tee go.sh\nCMD ["sh", "go.sh"]', "", [5]),
    ('CMD ["sh", "start.sh"]', "tee /tmp/log | exec python app.py\n", [4]),
    ('CMD ["sh", "start.sh"]', "test -f a || exec python app.py\n", []),
    ('RUN sed -i \'s/\\r$//\' start.sh\nCMD ["sh", "start.sh"]', "python app.py\n", [5]),
    ('RUN mv start.sh /bin/start.sh\nCMD ["sh", "/bin/start.sh"]', "python app.py\n", [5]),
    ('RUN cp x.sh start.sh\nCMD ["sh", "start.sh"]', "python app.py\n", []),
    ('ENTRYPOINT ["bash", "-c"]\nCMD ["python app.py; exit $?"]', "", [5]),
    ('ENTRYPOINT ["bash", "-c"]\nCMD ["exec python app.py"]', "", []),
    ('CMD ["python3", "-u", "-c", "import subprocess as s; s.run([\'python\', \'app.py\'])"]', "", [4]),
]


@rows(("command", "script", "expected"), SCRIPTS)
def test_what_a_command_starts_is_looked_at(lines: Lines, command: str, script: str, expected: list[int]) -> None:
    """A start script that steps aside passes, one that waits for the program is a shell in between."""
    text = f"{P}WORKDIR /app\nCOPY start.sh ./\n{command}\n"

    assert expected == lines(CHECK, text, {"start.sh": script})


def test_hint_fits_what_was_found(ask: Callable[..., list[Finding]]) -> None:
    """To ask for brackets where there are some would be no help."""
    (in_a_list,) = ask(CHECK, P + 'CMD ["sh", "-c", "python app.py"]\n')
    (in_a_script,) = ask(CHECK, P + 'COPY a.sh /\nCMD ["sh", "/a.sh"]\n', {"a.sh": "python app.py\n"})
    (plain,) = ask(CHECK, P + "CMD python app.py\n")

    assert "list is there" in in_a_list.hint
    assert "step aside" in in_a_script.hint
    assert "" == plain.hint
