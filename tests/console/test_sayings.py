"""Words of an organisation's own, written down, recorded, heard and said."""

from __future__ import annotations

from fakes.console import Console
from fakes.pages import approve, drafted, id_of, page_of, place_of


def test_words_of_our_own_are_written_recorded_heard_and_said(console: Console):
    client = console.as_("organiser")
    made = place_of(client.post("/sayings", {"text_ne": "भोलि कार्यालय बन्द छ।", "text_en": ""}))
    page = page_of(client.get(made))
    assert "<aawaj-recorder" in page
    assert "Not recorded yet" in page
    assert "Choose a recording first" in page_of(client.post(f"{made}/ne", {}), 422)
    clip = console.gateway.settings.audio_dir / "ne/phrase/message_signatures.wav"
    with clip.open("rb") as file:
        place_of(client.post(f"{made}/ne", {"recording": (file, "a.wav")}, content_type="multipart/form-data"))
    assert client.get(f"{made}/ne.wav").data[:4] == b"RIFF"
    address = drafted(client, voice=f"saying:{id_of(made)}")
    assert "/audio/sayings/" in page_of(client.get(f"{address}/plan"))
    assert "Ward office" in page_of(client.get(made))
    assert "stays" in page_of(client.post(f"{made}/remove"), 422)
    approve(client, address)
    page = page_of(client.get(made))
    assert "they stay as they are" in page
    assert "<aawaj-recorder" not in page
    spare = place_of(client.post("/sayings", {"text_en": "Spare"}))
    assert place_of(client.post(f"{spare}/remove")) == "/sayings"
