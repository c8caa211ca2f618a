"""The command `allocfs check`."""

from __future__ import annotations

from pathlib import Path

import pytest

from allocfs.cli import command as cli
from tests.cli.test_command import Captured


@pytest.mark.parametrize(
    ("query", "canonical"),
    [
        ("min_size=1048576,module=xfs|ext4", "module=ext4|xfs,min_size=1M"),
        ("file=mm%2Fslub.c", "file=mm%2Fslub.c"),
    ],
)
def test_check_prints_the_canonical_form(query: str, canonical: str, capfd: Captured) -> None:
    assert cli.main(["check", query]) == 0
    assert capfd.readouterr() == (f"{canonical}\n", "")


def test_check_warns_of_a_query_that_nothing_can_match(capfd: Captured) -> None:
    assert cli.main(["check", "module=b,line=7,module=a,line=8-9"]) == 0
    assert capfd.readouterr() == (
        "module=a,module=b,line=7,line=8-9\n",
        "allocfs: warning: no codetag matches module=a,module=b:"
        " separate alternatives by |, as in module=a|b\n"
        "allocfs: warning: no codetag matches line=7,line=8-9:"
        " separate alternatives by |, as in line=1|2\n",
    )


def test_check_refuses_what_no_path_can_hold(capfd: Captured) -> None:
    assert cli.main(["check", "file=mm/slub.c"]) == 2
    assert capfd.readouterr().err.endswith("write file=mm%2Fslub.c\n")


def test_check_refuses_what_is_longer_than_a_name(capfd: Captured) -> None:
    assert cli.main(["check", "file=" + 1020 * "a"]) == 2
    assert capfd.readouterr().err.endswith("at most 1024 bytes long, as a name is\n")


def test_check_says_why_a_query_is_refused(capfd: Captured) -> None:
    assert cli.main(["check", "module=xfs,colour=red"]) == 2
    out, err = capfd.readouterr()
    assert out == ""
    assert err.startswith("allocfs: 'colour=red': expected one of the keys file,")
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("trend/0s/records", "trend/0s: expected all, or a span longer than 0"),
        ("trend/1m/query/state=new/records", "'state=new': state is for queries below /diff"),
        ("query/rising=90/records", "'rising=90': rising is for queries below /trend"),
    ],
)
def test_check_refuses_what_has_no_meaning_in_its_place(
    default_mount: Path, path: str, reason: str, capfd: Captured
) -> None:
    assert cli.main(["check", f"{default_mount}/{path}"]) == 2
    assert reason in capfd.readouterr().err


def test_check_accepts_what_has_a_meaning_in_its_place(
    default_mount: Path, capfd: Captured
) -> None:
    path = f"{default_mount}/counters/trend/1m/query/rising=90/records"
    assert cli.main(["check", path]) == 0
    assert capfd.readouterr() == (f"{path}\n", "")
