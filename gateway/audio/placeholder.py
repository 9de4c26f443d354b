"""A machine's voice for clips that nobody has recorded yet, so that every flow can be heard on the first day.

The voice is espeak-ng out of the `espeakng-loader` wheel. It is used when clips are built and never while calls run; what it says is
replaced, clip by clip, by a person's voice. It reads digits badly, so texts to be spoken are written in words.
"""

from __future__ import annotations

import ctypes
import importlib
import os
import re
from array import array
from collections.abc import Iterator
from pathlib import Path

from gateway.audio.wav import Sound
from gateway.errors import GatewayError

VOICES = {"devanagari": (b"ne+f3", 140), "latin": (b"en+f3", 165)}  # the voice, and its words a minute
DEVANAGARI = re.compile(r"[\u0900-\u097f]")
LATIN = re.compile(r"[A-Za-z]")

_SYNCHRONOUS = 2  # espeak_Initialize: samples go to the callback, Synth returns when all are there
_DONT_EXIT = 0x8000
_RATE_PARAMETER = 1
_UTF8 = 1


def runs(text: str) -> Iterator[tuple[str, str]]:
    """The text cut where its script changes, so that each piece is read by a voice that knows it.

    >>> list(runs("नेपालीका लागि, एक। For English, press two."))
    [('devanagari', 'नेपालीका लागि, एक। '), ('latin', 'For English, press two.')]
    """
    script, start = "", 0
    for at, character in enumerate(text):
        own = "devanagari" if DEVANAGARI.match(character) else "latin" if LATIN.match(character) else script
        if own != script:
            if script:
                yield script, text[start:at]
                start = at
            script = own
    if script:
        yield script, text[start:]


class Voice:
    """espeak-ng, opened once for many texts. Only one can be open in a process."""

    def __init__(self) -> None:
        """Raises GatewayError `audio:no-voice` when the wheel is not installed or does not work here."""
        try:
            wheel = importlib.import_module("espeakng_loader")
            self._library = ctypes.CDLL(wheel.get_library_path())
        except (ImportError, OSError, RuntimeError) as error:
            raise GatewayError("audio:no-voice") from error
        folder = Path(wheel.get_data_path()).parent
        self._rate: int = self._library.espeak_Initialize(_SYNCHRONOUS, 0, os.fsencode(folder), _DONT_EXIT)
        if self._rate <= 0:
            raise GatewayError("audio:no-voice")
        self._samples = array("h")
        prototype = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)
        self._callback = prototype(self._take)  # kept: espeak holds only a pointer to it
        self._library.espeak_SetSynthCallback(self._callback)

    def _take(self, samples: ctypes._Pointer[ctypes.c_short], count: int, _events: int | None) -> int:
        if count and samples:
            self._samples.extend(samples[:count])
        return 0

    def speak(self, text: str) -> Sound:
        """The text as it comes from the machine, to be put in shape by `gateway.audio.wav.fit`."""
        self._samples = array("h")
        for script, piece in runs(text):
            name, words_a_minute = VOICES[script]
            words = piece.encode()
            self._library.espeak_SetVoiceByName(name)
            self._library.espeak_SetParameter(_RATE_PARAMETER, words_a_minute, 0)
            self._library.espeak_Synth(words, ctypes.c_size_t(len(words) + 1), 0, 0, 0, _UTF8, None, None)
        return Sound(self._samples, self._rate)
