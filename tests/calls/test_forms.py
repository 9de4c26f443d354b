"""The form of a webhook, held against the standard library's parser."""

from __future__ import annotations

from urllib.parse import parse_qsl

from hypothesis import example, given
from hypothesis import strategies as st

from gateway.web.webhooks.gate import fields_of

BODIES = st.text(st.sampled_from("&=+%;#/?09aAfFzé\u0928\0\n "), max_size=60)


@given(BODIES | st.text())
@example("")
@example("Body=%E0%A4%A8%E0%A4%AE&From=%2B9779720000001&Digits=")
@example("&&a==b&=&%zz=%ff%E0")
def test_a_form_has_the_fields_that_the_standard_library_finds(body):
    assert fields_of(body) == parse_qsl(body, keep_blank_values=True, errors="replace")
