"""What becomes of the rows of each table when a person is exported or erased, as decided.

A table that is not here, and a column of ids whose meaning is not here, fail `test_privacy_decisions.py` until somebody decides.
"""

# Rows that are about one person. They are gone after an erasure.
GONE = """
agent_appointment
agent_approval
agent_consent
agent_fact
agent_guidance
agent_mark
block
bot_delivery
bot_event
bot_state
desk_operator
draft
hidden
join_request
kb_gap
kb_question
linked_identity
mention
note
note_mention
passkey
person_email
receipt
recovery_code
refresh_token
saved_view
scheduled
second_factor
sign_in
socket_ticket
visitor_profile
invitation
import_key
"""

# Rows that stay, without words, names and addresses: numbers, replies and counts still fit.
BLANKED = """
alert
conversation
event
file
filter_listing
held
import_row
message
message_version
rating
search_document
ticket
turn
users
"""

# Rows that name a person by number only, and say nothing of them that they would not want kept: who did what to things of the
# workspace, seats, counts.
NUMBERS = """
agent_bundle
agent_comparison
agent_spend
application
audit
bot
bot_file
bot_installation
command
desk_sleep
file_use
import_job
invite
member
pin
privacy_job
reaction
shield
"""

# Rows about things of the workspace or of the server. Words in them are an administrator's or an operator's own.
NOBODYS = """
agent
agent_case
blob
bot_cursor
bot_feed
bot_hook
bot_token
bot_webhook
custom_role
desk_inbox
desk_item
desk_labelled
desk_stay
desk_team
filter_policy
inbox
inbox_identity
kb_base
kb_calibration
kb_care
kb_chunk
kb_finding
kb_job
kb_section
kb_source
lane
once
prepared_reply
provider
retention
safety
search_state
workspace
"""

# What an export holds: the table, and the file in the archive.
EXPORTED = """
agent_appointment appointment
agent_approval approvals
agent_consent consent
agent_fact memory
agent_guidance guidance
agent_mark marks
alert alerts
audit acts
block blocks
bot_state bots
desk_operator staffing
draft drafts
file files
held held
hidden hidden
invitation invitations
join_request requests
linked_identity linked
member memberships
mention mentions
message messages
note notes
note_mention called
passkey passkeys
person_email email
pin pins
privacy_job jobs
rating ratings
reaction reactions
receipt receipts
saved_view views
scheduled scheduled
second_factor factor
sign_in devices
ticket tickets
users profile
visitor_profile visitor
"""

# Columns of numbers that say whom a row is about.
PEOPLE = "user customer visitor sender author owner_user other"

# Columns of numbers that say who did something, or what thing is meant.
OTHERS = """
actor agent all_seq application asked_by base bot by cancelled_by conversation created_by custom_role decided_by deleted_to
done family file from_seq gap id inbox installed_by invite job label lane last_pos made_by note number owner place pos provider
published_by read_seq received received_seq refs reply_to retained_through rev seen_by seq sign_in size source started_by team
thread to_seq told trigger_seq turn version workspace

attempt count epoch examined filled has height last_step max_uses priority replaced_by score section sign_count tokens_cached
tokens_in tokens_out uses vectors waiting width written
"""
