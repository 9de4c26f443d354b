"""Aawaj: a voice and SMS gateway for home-based workers and their organisations."""

__version__ = "0.1.0"
