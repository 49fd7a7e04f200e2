"""Owns who of a cluster's workers is there, who may grade, and who has a slot free; must never send an order.

A worker is asked what it is before it gets work, and asked again now and then when it could not grade. What changes is
said once.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from graders.cancel import Cancel
from graders.cohort.cluster.link import Link, LinkDown, WorkerLost
from graders.cohort.cluster.muster import START, CodeFacts, Fault, fault_of
from graders.cohort.cluster.parcel import Looked, Question, pack, unpack
from graders.errors import EngineUnavailable, GraderError
from graders.safe_text import clean

WATCH_S = 1.0
"""How often it is looked who is there."""
LOOK_AGAIN_S = 10.0
"""How often a worker that could not grade is asked again."""
MUSTER_S = 25.0
"""How long the workers may take to say what they are."""


class Standing(StrEnum):
    """What is known of a worker."""

    ASKED = "asked"
    FIT = "fit"
    UNFIT = "unfit"


@dataclass(slots=True, eq=False)
class Member:
    """A worker that is there. Only the workforce changes it."""

    address: str
    standing: Standing = Standing.ASKED
    slots: int = 0
    used: int = 0
    name: str = ""
    """What people call it."""
    fault: Fault | None = None
    asked_s: float = 0.0
    bases: dict[str, str] = field(default_factory=dict)
    waiting: set[threading.Event] = field(default_factory=set)
    """Of lanes that wait for it: set when it is gone."""

    @property
    def label(self) -> str:
        """How a person finds it."""
        return f"{self.name} ({self.address})" if self.name else self.address


class Workforce:
    """The workers of a cluster; several threads call it at once."""

    def __init__(
        self,
        connect: Callable[[], Link],
        bases: tuple[str, ...],
        facts: CodeFacts,
        *,
        say: Callable[[str], None],
        clock: Callable[[], float],
    ) -> None:
        self._connect = connect
        self._bases = bases
        self._facts = facts
        self._clock = clock
        self.say = say
        """What the user should know goes there; may be changed at any time."""
        self._link: Link | None = None
        self._changed = threading.Condition()
        """Guards the members and their slots; notified whenever a lane may find a slot, or no worker at all."""
        self._members: dict[str, Member] = {}
        self._refreshing = threading.Lock()
        self._down = ""
        """Why the scheduler does not answer."""
        self._closed = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="cluster-watch", daemon=True)

    @property
    def link(self) -> Link:
        """The connection. Raises LinkDown."""
        if self._link is None:
            raise LinkDown("There is no connection to the scheduler")
        return self._link

    @property
    def slots(self) -> int:
        """Submissions that the workers grade at once now."""
        with self._changed:
            return sum(member.slots for member in self._members.values() if member.standing is Standing.FIT)

    def open(self) -> None:
        """Connect and ask every worker what it is. Raises EngineUnavailable when none can grade."""
        self._link = self._connect()
        self.muster()
        self._tell_bases()
        self._watcher.start()

    def muster(self) -> None:
        """Look who is there. Raises EngineUnavailable when no worker can grade."""
        self._refresh()
        deadline_s = self._clock() + MUSTER_S
        with self._changed:
            while any(member.standing is Standing.ASKED for member in self._members.values()):
                left_s = deadline_s - self._clock()
                if left_s <= 0 or not self._changed.wait(left_s):
                    break
        self._raise_if_nobody()

    def close(self) -> None:
        """Let the scheduler go; safe to call twice."""
        self._closed.set()
        if self._watcher.is_alive():
            self._watcher.join(2 * WATCH_S)
        if self._link is not None:
            self._link.close()

    def claim(self, cancel: Cancel, waits: Callable[[], None], avoid: list[str]) -> Member:
        """A slot of the worker with most of them free; `waits` is called once if there is none yet.

        Raises EngineUnavailable and Cancelled.
        """
        told = False
        forget = cancel.on_cancel(self._wake)
        try:
            with self._changed:
                while True:
                    cancel.raise_if_set()
                    self._raise_if_nobody()
                    free = [m for m in self._members.values() if m.standing is Standing.FIT and m.used < m.slots]
                    if free:
                        chosen = max(free, key=lambda m: (m.address not in avoid, m.slots - m.used))
                        chosen.used += 1
                        return chosen
                    if not told:
                        waits()
                        told = True
                    self._changed.wait()
        finally:
            forget()

    def release(self, member: Member) -> None:
        """Give a slot back."""
        with self._changed:
            member.used -= 1
            self._changed.notify_all()

    def await_from(self, member: Member, awake: threading.Event) -> None:
        """Set `awake` when this worker is gone. Raises WorkerLost when it is."""
        with self._changed:
            member.waiting.add(awake)
            if self._members.get(member.address) is not member:
                raise WorkerLost("It is gone")

    def await_no_more(self, member: Member, awake: threading.Event) -> None:
        """Leave it alone."""
        with self._changed:
            member.waiting.discard(awake)

    def set_unfit(self, member: Member, fault: Fault) -> None:
        """Give a worker no work until it says that it can."""
        with self._changed:
            told = member.fault
            member.standing, member.fault, member.asked_s = Standing.UNFIT, fault, self._clock()
            there = self._members.get(member.address) is member
            self._changed.notify_all()
        if there and told != fault and not self._closed.is_set():
            self.say(f"The worker {member.label} gets no work: {fault.message}\n  {fault.hint}".rstrip())

    def _wake(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def _watch(self) -> None:
        while not self._closed.wait(WATCH_S):
            self._refresh()

    def _refresh(self) -> None:
        """Note who came and who went, and ask those who are new or could not grade; one at a time."""
        with self._refreshing:
            try:
                there = self._there()
            except LinkDown as down:
                there = frozenset()
                self._note_down(down.message)
            else:
                self._note_down("")
            now_s = self._clock()
            with self._changed:
                gone = [self._members.pop(name) for name in list(self._members) if name not in there]
                new = [Member(name, asked_s=now_s) for name in sorted(there) if name not in self._members]
                self._members |= {member.address: member for member in new}
                again = [
                    member
                    for member in self._members.values()
                    if member.standing is Standing.UNFIT and now_s - member.asked_s > LOOK_AGAIN_S
                ]
                for member in again:
                    member.asked_s = now_s
                for member in gone:
                    for awake in member.waiting:
                        awake.set()
                self._changed.notify_all()
        for member in gone:
            if member.standing is Standing.FIT and not self._down and not self._closed.is_set():
                self.say(f"The worker {member.label} is gone: what it had goes to another one")
        for member in (*new, *again):
            threading.Thread(target=self._look, args=(member,), name="cluster-look", daemon=True).start()

    def _there(self) -> frozenset[str]:
        link = self.link
        try:
            return link.workers()
        except LinkDown:
            if self._closed.is_set():
                raise
            # It may be another scheduler at the same address, or the same one started again.
            self._link = renewed = self._connect()
            link.close()
            return renewed.workers()

    def _note_down(self, why: str) -> None:
        if why and not self._down:
            self.say(why)
        elif self._down and not why:
            self.say("The scheduler answers again")
        self._down = why

    def _look(self, member: Member) -> None:
        """Ask a worker what it is, and let it work if it can."""
        try:
            looked = unpack(self.link.look(member.address, pack(Question(self._bases))), Looked)
        except WorkerLost as lost:
            self.set_unfit(member, Fault(lost.message, "Is its machine busy, or its network down? It is asked again."))
            return
        except GraderError as failure:
            text = f"it has no Dockyard, or another version: {failure.message}"
            self.set_unfit(member, Fault(text, self._facts.install_hint))
            return
        fault = fault_of(looked, self._facts)
        with self._changed:
            member.name, member.bases = clean(looked.name, max_len=80), looked.bases
            if fault is None:
                member.standing, member.slots, member.fault = Standing.FIT, looked.slots, None
            self._changed.notify_all()
        if fault is not None:
            self.set_unfit(member, fault)
        else:
            slots = f"{looked.slots} at once" if looked.slots > 1 else "one at a time"
            self.say(f"Worker {member.label}: {slots}, engine {clean(looked.engine, max_len=80)}")

    def _raise_if_nobody(self) -> None:
        """Raises EngineUnavailable when no worker can grade, nor may be able to once it has answered."""
        with self._changed:
            members = list(self._members.values())
        if any(member.standing is not Standing.UNFIT for member in members):
            return
        if self._down:
            raise LinkDown(self._down, hint="Start the scheduler again, at the same address.")
        faults = [member.fault for member in members if member.fault is not None]
        if not faults:
            raise EngineUnavailable("The scheduler has no workers", hint=f"On each machine that is to grade: {START}")
        text = f"None of the {len(members)} workers can grade" if len(members) > 1 else "The one worker can't grade"
        raise EngineUnavailable(f"{text}: {faults[0].message}", hint=faults[0].hint)

    def _tell_bases(self) -> None:
        """Sizes, and so verdicts, can differ where workers build on different images of the same name."""
        with self._changed:
            fit = [member for member in self._members.values() if member.standing is Standing.FIT]
        for reference in self._bases:
            if len({member.bases.get(reference, "") for member in fit}) > 1:
                self.say(
                    f"The workers have different images by the name {reference}, so sizes may differ\n"
                    "  Give all the same: dockyard images save FILE on one, dockyard images load FILE on the others"
                )
