"""The pure flow machine: flow files in, facts and a place to wait out. No database, network, clock or randomness of its own."""
