"""Flask: webhooks, media, health. Each view turns a request into one service call."""
