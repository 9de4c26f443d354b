"""The verbs. They own the transactions, and know no web framework, no queue and no SQL."""
