"""Who passes each op of the socket, as decided. An op that is not here fails the matrix test until somebody decides.

Asked about a support conversation of the shop and its customer's first message, and about a group.
"""

# Everybody: what it touches is the asker's own, or nothing.
OWN = """
hello
ping
sync
watch
"""

# In a support conversation its customer, and who answers customers.
PARTIES = """
send
recall
react
read
received
typing
pull
"""

# Who answers customers.
OPERATORS = """
pin
"""

# The customer alone: it is their message.
CUSTOMER = """
edit
"""
