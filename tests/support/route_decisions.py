"""Who passes each HTTP route, as decided. A route that is not here fails the matrix test until somebody decides.

Asked about a support conversation of the demo shop, a customer, its agent, its knowledge base.
"""

# Before signing in, or with a secret of its own.
OPEN = """
POST /v1/auth/sign-in
POST /v1/auth/refresh
POST /v1/auth/sign-out
GET /v1/inboxes/{key}
POST /v1/visitors
POST /v1/auth/invitations/look
POST /v1/auth/invitations/accept
GET /v1/auth/providers
POST /v1/auth/providers/{provider}/begin
GET /v1/auth/providers/{provider}/callback
POST /v1/auth/arrive
GET /.well-known/oauth-authorization-server
GET /oauth/authorize
POST /oauth/token
POST /oauth/revoke
POST /oauth/introspect
POST /v1/auth/passkeys/begin
POST /v1/auth/passkeys
GET /v1/asyncapi.json
POST /hooks/{hook}/{secret}
POST /hooks/{bot}/response/{token}
GET /health/live
GET /health/ready
GET /metrics
"""

# Anybody; what it touches is the asker's own, or is looked at with the asker's eyes.
SIGNED_IN = """
POST /v1/socket-tickets
GET /v1/me
POST /v1/conversations
GET /v1/conversations
GET /v1/presence
GET /v1/bots/{bot}/photo
POST /v1/bots/{bot}/photo/ticket
GET /v1/users
PATCH /v1/conversations/{conversation}/messages/{seq}
DELETE /v1/conversations/{conversation}/messages/{seq}
GET /v1/conversations/{conversation}/messages/{seq}/versions
GET /v1/conversations/{conversation}/messages/{seq}/reactions
PUT /v1/conversations/{conversation}/messages/{seq}/reactions/{emoji}
DELETE /v1/conversations/{conversation}/messages/{seq}/reactions/{emoji}
PATCH /v1/conversations/{conversation}/members/{user}
GET /v1/invites/{code}
POST /v1/invites/{code}
GET /v1/blocks
PUT /v1/blocks/{user}
DELETE /v1/blocks/{user}
GET /v1/saved
POST /v1/conversations/{conversation}/hidden
GET /v1/drafts
GET /v1/scheduled
POST /v1/scheduled
PUT /v1/scheduled/{scheduled}
DELETE /v1/scheduled/{scheduled}
GET /v1/mentions
POST /v1/files
PATCH /v1/files/{file}
HEAD /v1/files/{file}
GET /v1/files/{file}
GET /v1/files/{file}/info
POST /v1/files/{file}/ticket
GET /v1/files/{file}/thumbnail
GET /v1/search
GET /v1/link-preview
GET /v1/held/mine
POST /v1/held/{held}/appeal
POST /v1/conversations/{conversation}/messages/{seq}/report
GET /v1/sync
POST /v1/commands
GET /v1/account/devices
POST /v1/account/export
GET /v1/account/exports
DELETE /v1/account/devices/{device}
POST /v1/account/devices/others/sign-out
GET /v1/passages/{chunk}
PUT /v1/bots/{bot}/installations/{conversation}
POST /v1/conversations/{conversation}/messages/{seq}/actions
POST /v1/conversations/{conversation}/messages/{seq}/forms
GET /v1/conversations/{conversation}/messages/{seq}/files/{file}
POST /v1/conversations/{conversation}/messages/{seq}/files/{file}/ticket
POST /v1/conversations/{conversation}/messages/{seq}/stop
POST /v1/conversations/{conversation}/inline
POST /v1/conversations/{conversation}/inline/choice
GET /v1/conversations/{conversation}/about/photo
GET /openai/v1/models
GET /openai/v1/models/{model}
POST /openai/v1/chat/completions
POST /openai/v1/responses
GET /v1/memory/me
PUT /v1/memory/me
DELETE /v1/memory/me
"""

# Whoever has a password.
PEOPLE = """
GET /v1/account
PATCH /v1/account
POST /v1/account/password
POST /v1/account/second-factor
POST /v1/account/second-factor/confirm
POST /v1/account/second-factor/off
POST /v1/account/second-factor/passkeys
POST /v1/oauth/look
POST /v1/oauth/decide
GET /v1/account/passkeys
POST /v1/account/passkeys/begin
POST /v1/account/passkeys
PATCH /v1/account/passkeys/{passkey}
DELETE /v1/account/passkeys/{passkey}
GET /v1/account/providers
POST /v1/account/providers
DELETE /v1/account/providers/{linked}
"""

# Every workspace role.
STAFF = """
GET /v1/people
GET /v1/joinable
GET /v1/reports
GET /v1/knowledge-bases
GET /v1/knowledge-bases/{kb}/sources
GET /v1/knowledge-bases/{kb}/jobs/{job}
POST /v1/knowledge-bases/{kb}/search
GET /v1/knowledge-bases/{kb}/gaps
GET /v1/knowledge-bases/{kb}/gaps/{gap}
GET /v1/knowledge-bases/{kb}/findings
POST /v1/knowledge-bases/{kb}/impact
GET /v1/knowledge-bases/{kb}/sources/{source}/impact
GET /v1/knowledge-bases/{kb}/calibration
GET /v1/agents
GET /v1/agents/{agent}
GET /v1/agents/{agent}/versions
GET /v1/agents/{agent}/comparison
GET /v1/agents/{agent}/versions/{number}
POST /v1/agents/{agent}/versions/{number}/try
GET /v1/agents/{agent}/cases
GET /v1/ledger
GET /plugins/directory/bots
GET /v1/plugins
"""

# Who may change what agents know.
TEACHERS = """
POST /v1/knowledge-bases
POST /v1/knowledge-bases/{kb}/sources
DELETE /v1/knowledge-bases/{kb}/sources/{source}
POST /v1/knowledge-bases/{kb}/jobs/{job}/cancel
POST /v1/knowledge-bases/{kb}/gaps/{gap}/accept
POST /v1/knowledge-bases/{kb}/gaps/{gap}/dismiss
POST /v1/knowledge-bases/{kb}/gaps/{gap}/reopen
POST /v1/knowledge-bases/{kb}/findings/{finding}/dismiss
POST /v1/knowledge-bases/{kb}/findings/{finding}/restore
PUT /v1/knowledge-bases/{kb}/calibration
POST /v1/agents/{agent}/cases
DELETE /v1/agents/{agent}/cases/{case}
GET /v1/marks
POST /v1/marks/{mark}/settle
"""

# Who may build bots.
BUILDERS = """
GET /v1/bots
POST /v1/bots
GET /v1/bots/{bot}
PATCH /v1/bots/{bot}
DELETE /v1/bots/{bot}
PUT /v1/bots/{bot}/photo
DELETE /v1/bots/{bot}/photo
POST /v1/bots/{bot}/tokens
DELETE /v1/bots/{bot}/tokens/{token}
PUT /v1/bots/{bot}/webhook
GET /v1/bots/{bot}/webhook
DELETE /v1/bots/{bot}/webhook
POST /v1/bots/{bot}/webhook/rotate
POST /v1/bots/{bot}/webhook/resume
GET /v1/bots/{bot}/deliveries
POST /v1/bots/{bot}/deliveries/replay
POST /v1/bots/{bot}/hooks
GET /v1/bots/{bot}/hooks
DELETE /v1/bots/{bot}/hooks/{hook}
PUT /v1/bots/{bot}/slash-command
"""

# Who answers customers.
OPERATORS = """
POST /v1/conversations/{conversation}/messages/{seq}/wrong
POST /v1/conversations/{conversation}/messages/{seq}/faq
GET /v1/conversations/{conversation}/visitor
PUT /v1/conversations/{conversation}/pins/{seq}
DELETE /v1/conversations/{conversation}/pins/{seq}
POST /v1/conversations/{conversation}/join
GET /v1/conversations/{conversation}/export
GET /v1/conversations/{conversation}/notes
POST /v1/conversations/{conversation}/notes
DELETE /v1/conversations/{conversation}/notes/{note}
GET /v1/replies
PUT /v1/replies
DELETE /v1/replies/{reply}
GET /v1/contacts
GET /v1/inboxes
GET /v1/moderation/list
POST /v1/moderation/list
DELETE /v1/moderation/list/{listing}
GET /v1/held/campaigns
GET /v1/held/appeals
POST /v1/held/{held}/appeal/decide
POST /v1/conversations/{conversation}/claim
POST /v1/conversations/{conversation}/assign
POST /v1/conversations/{conversation}/release
POST /v1/conversations/{conversation}/resolve
GET /v1/conversations/{conversation}/turns
GET /v1/conversations/{conversation}/panels
GET /v1/tickets
GET /v1/views
PUT /v1/views
DELETE /v1/views/{view}
GET /v1/held
POST /v1/held/{held}/decide
POST /v1/held/decide
GET /v1/moderation/figures
GET /v1/teams
GET /v1/operators
PUT /v1/operators/me
GET /v1/inboxes/{inbox}/staffing
GET /v1/desk/{kind}
POST /v1/desk/{kind}
PUT /v1/desk/{kind}/{item}
DELETE /v1/desk/{kind}/{item}
GET /v1/conversations/{conversation}/labels
PUT /v1/conversations/{conversation}/labels/{label}
GET /v1/conversations/{conversation}/snooze
PUT /v1/conversations/{conversation}/snooze
DELETE /v1/conversations/{conversation}/snooze
GET /v1/conversations/{conversation}/promises
POST /v1/conversations/{conversation}/macros/{macro}
DELETE /v1/bots/{bot}/installations/{conversation}
POST /v1/agents/{agent}/versions/{number}/replay
GET /v1/copilot
POST /v1/conversations/{conversation}/copilot/reply
POST /v1/conversations/{conversation}/copilot/summary
GET /v1/conversations/{conversation}/copilot/similar
POST /v1/copilot/ask
POST /v1/copilot/rewrite
GET /v1/memory/{user}
DELETE /v1/memory/{user}
GET /v1/conversations/{conversation}/guidance
POST /v1/conversations/{conversation}/guidance
DELETE /v1/conversations/{conversation}/guidance/{guided}
GET /v1/approvals
POST /v1/approvals/{approval}/decide
GET /v1/appointments
POST /v1/appointments/{appointment}/cancel
"""

# Who runs the workspace.
ADMINS = """
POST /v1/imports
GET /v1/imports
GET /v1/imports/{job}
GET /v1/imports/{job}/rows
GET /v1/imports/{job}/report.csv
POST /v1/imports/{job}/cancel
PATCH /v1/inboxes/{key}
GET /v1/inboxes/{key}/identity
PUT /v1/inboxes/{key}/identity
DELETE /v1/inboxes/{key}/identity
GET /v1/moderation/policies
GET /v1/moderation/policies/{kind}/{place}
PUT /v1/moderation/policies/{kind}/{place}
DELETE /v1/moderation/policies/{kind}/{place}
GET /v1/admin/limits
POST /v1/admin/users/{user}/export
POST /v1/admin/users/{user}/erase
GET /v1/admin/privacy/jobs
GET /v1/privacy/jobs/{job}
GET /v1/privacy/jobs/{job}/content
GET /v1/admin/retention
PUT /v1/admin/retention
GET /v1/admin/alerts
POST /v1/admin/alerts/{alert}/seen
GET /v1/admin/blocks
POST /v1/admin/blocks
POST /v1/admin/blocks/lift
GET /v1/admin/detection
PUT /v1/admin/detection
GET /v1/audit
GET /v1/audit/verify
GET /v1/audit/export
POST /v1/teams
PUT /v1/teams/{team}
DELETE /v1/teams/{team}
PUT /v1/inboxes/{inbox}/staffing
GET /v1/admin/people
PATCH /v1/admin/people/{user}
POST /v1/admin/people/{user}/sign-out
POST /v1/admin/people/{user}/password-link
DELETE /v1/admin/people/{user}/second-factor
GET /v1/admin/invitations
POST /v1/admin/invitations
DELETE /v1/admin/invitations/{invitation}
DELETE /v1/admin/people/{user}/passkeys
GET /v1/admin/applications
POST /v1/admin/applications
PATCH /v1/admin/applications/{application}
POST /v1/admin/applications/{application}/secret
DELETE /v1/admin/applications/{application}
GET /v1/admin/roles
POST /v1/admin/roles
PATCH /v1/admin/roles/{role}
DELETE /v1/admin/roles/{role}
GET /v1/admin/providers
POST /v1/admin/providers
PATCH /v1/admin/providers/{provider}
DELETE /v1/admin/providers/{provider}
POST /v1/setup
POST /v1/agents/{agent}/versions
PUT /v1/agents/{agent}/versions/{number}
POST /v1/agents/{agent}/versions/{number}/evaluate
POST /v1/agents/{agent}/versions/{number}/publish
POST /v1/agents/{agent}/roll-back
POST /v1/agents/{agent}/comparison
DELETE /v1/agents/{agent}/comparison
"""

# The customer of the support conversation that is asked about, and operators.
PARTIES = """
GET /v1/conversations/{conversation}
GET /v1/conversations/{conversation}/messages
POST /v1/conversations/{conversation}/messages
POST /v1/conversations/{conversation}/kinds/{special}
GET /v1/conversations/{conversation}/events
PUT /v1/conversations/{conversation}/read
GET /v1/conversations/{conversation}/receipts
GET /v1/conversations/{conversation}/presence
GET /v1/conversations/{conversation}/pins
GET /v1/conversations/{conversation}/members
GET /v1/conversations/{conversation}/ratings
POST /v1/conversations/{conversation}/hand-off
POST /v1/conversations/{conversation}/stop
GET /v1/conversations/{conversation}/expectation
POST /v1/conversations/{conversation}/leave-message
GET /v1/conversations/{conversation}/commands
GET /v1/conversations/{conversation}/about
GET /v1/conversations/{conversation}/inline
"""

# That customer alone.
CUSTOMER = """
PUT /v1/conversations/{conversation}/notify
PUT /v1/conversations/{conversation}/draft
DELETE /v1/conversations/{conversation}/draft
PUT /v1/conversations/{conversation}/messages/{seq}/feedback
PUT /v1/conversations/{conversation}/rating
"""

# Nobody here: bots with their keys, or members of another kind of conversation.
ELSEWHERE = """
PATCH /v1/conversations/{conversation}
POST /v1/conversations/{conversation}/members
DELETE /v1/conversations/{conversation}/members/me
DELETE /v1/conversations/{conversation}/members/{user}
GET /v1/conversations/{conversation}/bans
DELETE /v1/conversations/{conversation}/bans/{user}
GET /v1/conversations/{conversation}/invites
POST /v1/conversations/{conversation}/invites
DELETE /v1/conversations/{conversation}/invites/{invite}
GET /v1/conversations/{conversation}/requests
POST /v1/conversations/{conversation}/requests/{user}
GET /v1/bot/knowledge
PUT /v1/bot/commands
GET /v1/bot
GET /v1/bot/updates
POST /v1/bot/cursor
POST /v1/bot/conversations/{conversation}/messages
POST /v1/bot/conversations/{conversation}/streams
POST /v1/bot/conversations/{conversation}/streams/{seq}/deltas
POST /v1/bot/conversations/{conversation}/streams/{seq}/finish
DELETE /v1/bot/conversations/{conversation}/streams/{seq}
POST /v1/bot/clicks/{event}/answer
POST /v1/bot/inline/{event}/answer
GET /v1/bot/state/{space}
GET /v1/bot/state/{space}/{key}
PUT /v1/bot/state/{space}/{key}
"""
