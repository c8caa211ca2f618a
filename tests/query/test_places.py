"""Places: the terms that have no meaning outside of diffs and trends."""

from __future__ import annotations

import pytest

from allocfs.query.language import EVERYTHING, parse
from allocfs.query.places import Place, misplaced_terms

STATES = ["'state=new': state is for queries below /diff"]
TRENDS = [
    "'min_slope=1': min_slope is for queries below /trend",
    "'max_slope=2': max_slope is for queries below /trend",
    "'rising=90': rising is for queries below /trend",
    "'sort=-slope': sort=slope is for queries below /trend",
]
QUERY = parse(
    "module=xfs,state=new,min_slope=1,max_slope=2,rising=90%,sort=-slope,limit=3,group=all"
)


@pytest.mark.parametrize(
    ("places", "misplaced"),
    [
        ([], [*STATES, *TRENDS]),
        ([Place.DIFF], TRENDS),
        ([Place.TREND], STATES),
        ([Place.DIFF, Place.TREND], []),
    ],
)
def test_each_term_without_a_meaning_is_described(
    places: list[Place], misplaced: list[str]
) -> None:
    assert list(misplaced_terms(QUERY, places)) == misplaced
    assert list(misplaced_terms(QUERY.row_query, places)) == misplaced


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("state!=gone|new", "'state!=gone|new': state is for queries below /diff"),
        ("sort=rising", "'sort=rising': sort=rising is for queries below /trend"),
    ],
)
def test_a_term_is_named_as_in_the_canonical_form(text: str, message: str) -> None:
    assert list(misplaced_terms(parse(text))) == [message]


def test_all_other_terms_have_a_meaning_everywhere() -> None:
    everywhere = parse(
        "file=a,line=1,pair.a=1,accurate=no,anomaly=yes,min_size=1,sort=file,limit=1"
    )
    assert list(misplaced_terms(everywhere)) == []
    assert list(misplaced_terms(EVERYTHING)) == []
