"""The browser phone: a provider and a caller in one, behind the page `/phone`.

`line` rings the webhooks as a provider does, signed, through the whole application; `twiml` reads what comes back; `spoken` says what is
heard in it, with its meaning in English. The page plays it and presses keys: it decides nothing about the conversation.
"""
