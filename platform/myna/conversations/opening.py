"""Opening conversations: support, groups and channels, direct ones."""

from collections.abc import Sequence

from myna.errors import Forbidden, Malformed, NotFound
from myna.ids import new_id
from myna.log.committer import Committer
from myna.log.plan import Opened
from myna.log.writes import OpenConversation
from myna.model.conversation import Conversation, ConversationKind, MemberRole
from myna.model.workspace import Inbox, User, UserKind
from myna.ports.accounts import Accounts
from myna.ports.content import Seats
from myna.ports.conversations import Conversations, Crowds
from myna.rights import Principal, Verb, may, require

MAX_GROUP = 500
MAX_TITLE_CHARS = 200


class Opening:
    """Makes conversations with their first seats, or finds the one that there is already."""

    def __init__(
        self,
        accounts: Accounts,
        conversations: Conversations,
        committer: Committer,
        seats: Seats,
        crowds: Crowds,
    ) -> None:
        self._accounts, self._conversations, self._committer = accounts, conversations, committer
        self._seats, self._crowds = seats, crowds

    async def support(self, principal: Principal, inbox: Inbox) -> tuple[Conversation, bool]:
        """The visitor's conversation in an inbox, and whether it is new."""
        if principal.kind is not UserKind.VISITOR or inbox.workspace != principal.workspace:
            raise Forbidden("Only a visitor of this inbox opens a conversation in it.")
        known = await self._conversations.support_conversation(principal.user, inbox.id)
        if known is not None:
            return known, False
        members = [(principal.user, MemberRole.GUEST)]
        if inbox.agent is not None:
            members.append((inbox.agent, MemberRole.MEMBER))
        visitor = await self._accounts.user(principal.user)
        write = OpenConversation(
            new_id(),
            principal.workspace,
            ConversationKind.SUPPORT,
            visitor.name if visitor else "",
            tuple(members),
            agents=(inbox.agent,) if inbox.agent is not None else (),
            inbox=inbox.id,
            visitor=principal.user,
        )
        opened = await self._open(write)
        return opened.conversation, opened.new

    async def group(
        self,
        principal: Principal,
        title: str,
        users: Sequence[int],
        kind: ConversationKind = ConversationKind.GROUP,
    ) -> Conversation:
        """A new group or channel with the principal as its owner."""
        require(principal, Verb.OPEN_GROUP)
        title = title.strip()
        if not 1 <= len(title) <= MAX_TITLE_CHARS or "\x00" in title:
            raise Malformed(f"A group needs a title of at most {MAX_TITLE_CHARS} characters, without NUL.")
        found = await self._colleagues(principal, users)
        members = [(principal.user, MemberRole.OWNER), *((user.id, MemberRole.MEMBER) for user in found)]
        agents = tuple(user.id for user in found if user.agent)
        write = OpenConversation(new_id(), principal.workspace, kind, title, tuple(members), agents=agents)
        return (await self._open(write)).conversation

    async def direct(self, principal: Principal, other: int) -> tuple[Conversation, bool]:
        """The conversation of two users, and whether it is new.

        A person whom no role lets see all colleagues opens one with whomever they share a conversation with; others look to
        them as if they did not exist.

        Raises:
            Forbidden: the principal is no person of the workspace, or is blocked by the other.
            NotFound: there is no such user, for this principal.
        """
        if not may(principal, Verb.OPEN_GROUP):
            if principal.kind is not UserKind.HUMAN or principal.scopes is not None:
                raise Forbidden("You may not open a direct conversation here.")
            if other not in await self._crowds.acquainted(principal.user, [other]):
                raise NotFound("Some of these users do not exist here.")
        found = await self._colleagues(principal, [other])
        if not found:
            raise Malformed("A direct conversation needs another user.")
        known = await self._conversations.direct_conversation(principal.user, other)
        if known is not None:
            return known, False
        if await self._seats.blocked(principal.user, other):
            raise Forbidden("You cannot write to this user.", code="blocked")
        members = ((principal.user, MemberRole.MEMBER), (other, MemberRole.MEMBER))
        agents = (other,) if found[0].agent else ()
        write = OpenConversation(
            new_id(), principal.workspace, ConversationKind.DIRECT, "", members, agents=agents
        )
        opened = await self._open(write)
        return opened.conversation, opened.new

    async def _open(self, write: OpenConversation) -> Opened:
        opened = await self._committer.write(write)
        assert isinstance(opened, Opened)
        return opened

    async def _colleagues(self, principal: Principal, users: Sequence[int]) -> list[User]:
        wanted = sorted({user for user in users if user != principal.user})
        if len(wanted) > MAX_GROUP:
            raise Malformed(f"A group is opened with at most {MAX_GROUP} members; invite the others later.")
        found = await self._accounts.users(wanted, principal.workspace) if wanted else []
        found = [user for user in found if user.kind is not UserKind.VISITOR]
        if len(found) != len(wanted):
            raise NotFound("Some of these users do not exist here.")
        return found
