"""`gateway notices` in a terminal."""

from __future__ import annotations

import pytest
from calls.conftest import Installation
from click.testing import CliRunner

from gateway.cli import main


@pytest.fixture
def gateway(on_sqlite: Installation):
    def run(*arguments: str, code: int = 0) -> str:
        result = CliRunner().invoke(main, [*arguments], env=on_sqlite.environ)
        assert result.exit_code == code, result.output
        return result.output

    return run


def test_a_meeting_from_its_publication_to_who_came(on_sqlite: Installation, gateway, tmp_path):
    out = gateway("notices", "publish", "meeting", "--on", "2083-12-08", "--at", "८", "--place", "ward_office")
    notice = out.split()[0]
    assert "meeting  2027-03-22 08:00 (2083-12-08)  ward_office" in out
    assert "09:30" in gateway("notices", "change", notice, "--at", "9:30")
    assert "ne: बैठक: चैत ८ बिहान ९:३०, वडा कार्यालय। आउने भए 1, नआउने भए 2" in gateway("notices", "announce", notice, "--medium", "sms")
    number = str(on_sqlite.rows("SELECT number FROM members WHERE id = 'sample-1'")[0][0])
    assert gateway("notices", "attendance", notice, number) == "1 noted.\n"
    numbers = tmp_path / "came.txt"
    numbers.write_text(f"{number}\n123\n", encoding="utf-8")
    out = gateway("notices", "attendance", notice, "--file", str(numbers), code=1)
    assert "0 noted.\nline 2 is nobody's number, or a phone that several share: 123" in out
    assert "told 0, yes 0, no 0, came 1" in gateway("notices", "show", notice)
    assert "1 members written" in gateway("notices", "export", notice, str(tmp_path / "came.xlsx"))
    assert "is stopped" in gateway("notices", "cancel", notice)
    assert "cancelled" in gateway("notices", "list")


def test_what_cannot_be_read_is_named(gateway):
    assert "'25:00' is no hour" in gateway(
        "notices", "publish", "meeting", "--on", "2083-12-08", "--at", "25:00", "--place", "ward_office", code=1
    )
    assert "--on and --at together" in gateway("notices", "publish", "meeting", "--on", "2083-12-08", "--place", "ward_office", code=2)
    assert "as 2026-12-01 11:00" in gateway(
        "notices", "publish", "meeting", "--on", "8 Chait", "--at", "8:00", "--place", "ward_office", code=1
    )
    assert "Did you mean 'ward_office'?" in gateway(
        "notices", "publish", "meeting", "--on", "2083-12-08", "--at", "8:00", "--place", "ward_offis", code=1
    )
