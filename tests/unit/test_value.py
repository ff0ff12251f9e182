"""A value is compared and hashed by its fields and changed by copying."""

from dataclasses import replace

from myna.model.conversation import Conversation, ConversationKind

PLACE = Conversation(7, 1, ConversationKind.GROUP, "Team", 3, 5, 9, 100.0, 200.0)


def test_values_with_the_same_fields_are_the_same() -> None:
    again = Conversation(7, 1, ConversationKind.GROUP, "Team", 3, 5, 9, 100.0, 200.0)
    assert again == PLACE
    assert len({again, PLACE}) == 1
    assert not hasattr(PLACE, "__dict__")


def test_a_changed_copy_leaves_the_first_as_it_was() -> None:
    moved = replace(PLACE, seq=4)
    assert (moved.seq, PLACE.seq) == (4, 3)
    assert moved != PLACE
    assert moved.agents == PLACE.agents
