"""Redis: ringing the doorbell of the workers, and pacing what they send."""
