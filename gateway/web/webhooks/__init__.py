"""One module of routes for each provider."""
