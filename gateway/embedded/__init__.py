"""Everything on one machine with no preparation: Redis from its wheel, web, workers and clock under one supervisor."""
