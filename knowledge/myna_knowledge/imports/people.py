"""Who spoke in the other system, as users here: customers become visitors, the team's words stay with the team."""

from dataclasses import dataclass, field

from myna.errors import Conflict
from myna.ids import new_id
from myna.model.workspace import Inbox, User, UserKind
from myna.ports.accounts import Accounts
from myna.ports.visitors import Profile, Visitors
from myna_knowledge.imports.model import Contact, Import, Outcome, Speaker
from myna_knowledge.imports.ports import ImportStore

MAX_NAME = 100
MAX_HUMANS = 1000


@dataclass(slots=True)
class People:
    """Finds or makes the users of one import."""

    store: ImportStore
    accounts: Accounts
    visitors: Visitors
    job: Import
    inbox: Inbox
    _speakers: dict[str, User] = field(default_factory=dict[str, User])
    _humans: list[User] | None = None

    async def visitor(self, contact: Contact) -> tuple[User, Outcome]:
        """The visitor that a contact is here, and whether it was made or changed by this call.

        Whoever comes to the site later, signed in under the same id, is this visitor. Somebody whom the site has signed here
        already is not made again.
        """
        signed = await self.visitors.known(self.inbox.id, contact.subject) if contact.subject else None
        wanted = signed if signed is not None else new_id()
        number = await self.store.named(self.job.workspace, self.job.origin, "contact", contact.key, wanted)
        before = await self.accounts.user(number)
        name = line(contact.name) or line(contact.email) or line(contact.phone) or "Visitor"
        if before is None:
            await self.accounts.add_user(
                User(number, self.job.workspace, UserKind.VISITOR, name, locale=self.inbox.locale)
            )
        user = before or User(number, self.job.workspace, UserKind.VISITOR, name, locale=self.inbox.locale)
        profile = await self.visitors.profile(number)
        answers = dict(profile.answers) if profile else {}
        if contact.phone:
            answers.setdefault("phone", contact.phone[:MAX_NAME])
        told = Profile(
            number,
            self.inbox.id,
            (profile.subject if profile else None) or contact.subject,
            (profile.email if profile else None) or line(contact.email),
            answers,
        )
        if told == profile:
            return user, Outcome.UNCHANGED
        try:
            await self.visitors.put(told, None)
        except Conflict:
            # Two contacts with one id: the first has it, the other is a visitor of their own.
            await self.visitors.put(Profile(number, self.inbox.id, None, told.email, answers), None)
        return user, Outcome.CHANGED if before is not None else Outcome.CREATED

    async def speaker(self, speaker: Speaker) -> User:
        """The colleague here who has the speaker's e-mail name or name, else a user of that name who cannot sign in."""
        found = self._speakers.get(speaker.key)
        if found is None:
            found = self._speakers[speaker.key] = await self._found(speaker)
        return found

    async def _found(self, speaker: Speaker) -> User:
        if not speaker.bot:
            if self._humans is None:
                everybody = await self.accounts.humans(self.job.workspace, MAX_HUMANS)
                self._humans = [each for each in everybody if each.kind is UserKind.HUMAN]
            handle = (speaker.email or "").partition("@")[0].lower()
            for each in self._humans:
                if (handle and each.handle == handle) or each.name.lower() == speaker.name.lower():
                    return each
        wanted = new_id()
        number = await self.store.named(self.job.workspace, self.job.origin, "speaker", speaker.key, wanted)
        before = await self.accounts.user(number)
        if before is None:
            kind = UserKind.BOT if speaker.bot else UserKind.HUMAN
            before = User(number, self.job.workspace, kind, line(speaker.name) or "?")
            await self.accounts.add_user(before)
        await self.store.retire(number)
        return before


def line(said: str | None) -> str | None:
    """A text as a name: one printable line of bounded length, or None."""
    text = " ".join("".join(each if each.isprintable() else " " for each in said or "").split())
    return text[:MAX_NAME] or None
