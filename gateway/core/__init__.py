"""Pure values: facts, requests for work, states, phone numbers, SMS arithmetic, consent, money and calendar."""
