"""Clips: the catalogue of audio files, placeholder speech, loudness and coverage."""
