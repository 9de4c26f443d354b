"""Network and wire formats, one folder for each provider, all of the same shape: webhook, render, client."""
