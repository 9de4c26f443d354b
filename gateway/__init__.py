"""Aawaj: a voice and SMS gateway for home-based workers and their organisations."""
