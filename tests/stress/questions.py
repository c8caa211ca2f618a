"""Random paths of a mount, each with the conditions by which the model predicts its contents."""

from __future__ import annotations

import random
from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import cast
from urllib.parse import quote

from tests.stress.model import FIRST_VALUES, TAGS, Form, Question, Tag, Values

FORMS = ("records", "counters", "text", "json")
GLOBS = {
    "file": ["*", "fs*", "*.h", "drivers*block*", "?m*slub.c", "[a-k]*"],
    "function": ["*", "*alloc*", "__*", "[!_]*init*", "k?*"],
    "module": ["*", "x*", "*fs", "?fs", "[b-j]*"],
}
MALFORMED = [
    *("nonsense", "module=", "module", "line=x", "line=9-1", "limit=0", "sort=name", "=x"),
    *("min_size=2,max_size=1", "file=%2", "function=[a", "module=xfs,", "min_size!=1", "%00=1"),
    *("accurate=maybe", "limit=1,limit=2", "function=" + "*a" * 33),
]

Holds = Callable[[Tag], bool]


class Questions:
    """A sequence of random questions."""

    def __init__(self, choose: random.Random) -> None:
        self._choose = choose

    def __call__(self, by_counter: bool) -> Question:
        """Return a random question; `by_counter` allows conditions on and sorting by values."""
        form = cast(Form, self._choose.choice(FORMS))
        question = Question("" if form == "records" else f"{form}/", form, lambda tag: True)
        if self._choose.random() < 0.6:
            question = self._add_query(question, by_counter)
        return self._add_file(question)

    def malformed(self) -> str:
        """Return a path with an invalid query."""
        return f"query/{self._choose.choice(MALFORMED)}/records"

    def _add_query(self, question: Question, by_counter: bool) -> Question:
        terms, tests = [], []
        for key in self._choose.sample(["file", "function", "module", "line"], k=2):
            text, holds = self._line() if key == "line" else self._name(key)
            terms.append(text)
            tests.append(holds)
        sort, limit, counted = "", None, None
        if by_counter and self._choose.random() < 0.5:
            text, counted = self._counted()
            terms.append(text)
        if self._choose.random() < 0.4:
            sort = self._choose.choice(["file", *(["bytes", "calls"] if by_counter else [])])
            sort = self._choose.choice(["", "-"]) + sort
            terms.append(f"sort={sort}")
        if self._choose.random() < 0.3:
            limit = self._choose.choice([1, 2, 10, 1000])
            terms.append(f"limit={limit}")
        self._choose.shuffle(terms)
        path = f"{question.path}query/{','.join(terms)}/"
        return Question(path, question.form, _all(tests), counted, sort, limit)

    def _add_file(self, question: Question) -> Question:
        """Extend the path of a directory to a random file in it."""
        tag = self._choose.choice(TAGS)
        match self._choose.randrange(5):
            case 0:
                return _at(question, f"by-file/{tag.path}", lambda t: t.path == tag.path, True)
            case 1:
                below = tag.path.rpartition("/")[0] + "/"
                path = f"by-file/{below}.records"
                return _at(question, path, lambda t: t.path.startswith(below), False)
            case 2:
                name = tag.function
                return _at(question, f"by-function/{name}", lambda t: t.function == name, True)
            case 3:
                name = self._choose.choice(TAGS[-600:]).module
                path = f"by-module/{name or 'vmlinux'}"
                return _at(question, path, lambda t: t.module == name, True)
            case _:
                return _at(question, "records", lambda t: True, False)

    def _name(self, key: str) -> tuple[str, Holds]:
        equal = self._choose.random() < 0.7
        names = [_names(self._choose.choice(TAGS), key)[0] for _ in range(2)]
        globs = self._choose.sample(GLOBS[key], k=self._choose.randint(0, 2))
        written = [quote(name, safe="") for name in names] + globs

        def holds(tag: Tag) -> bool:
            spelled = _names(tag, key)
            found = any(
                name in names or any(fnmatchcase(name, glob) for glob in globs) for name in spelled
            )
            return found == equal

        return f"{key}{'=' if equal else '!='}{'|'.join(written)}", holds

    def _line(self) -> tuple[str, Holds]:
        first = self._choose.randrange(1000)
        last = first + self._choose.randrange(3000)
        return f"line={first}-{last}", lambda tag: first <= tag.line <= last

    def _counted(self) -> tuple[str, Callable[[Values], bool]]:
        bound = self._choose.choice(FIRST_VALUES)
        tests: list[tuple[str, Callable[[Values], bool]]] = [
            (f"min_size={bound.bytes}", lambda values: values.bytes >= bound.bytes),
            (f"max_size={bound.bytes}", lambda values: values.bytes <= bound.bytes),
            (f"min_calls={bound.calls}", lambda values: values.calls >= bound.calls),
            (f"max_calls={bound.calls}", lambda values: values.calls <= bound.calls),
        ]
        return self._choose.choice(tests)


def _names(tag: Tag, key: str) -> list[str]:
    match key:
        case "file":
            return [tag.file, tag.path]
        case "module":
            return [tag.module or "vmlinux"]
        case _:
            return [tag.function]


def _all(tests: list[Holds]) -> Holds:
    return lambda tag: all(holds(tag) for holds in tests)


def _at(question: Question, path: str, group: Holds, named: bool) -> Question:
    # The conditions of the query and of the path both have to hold; sort and limit come last.
    holds = _all([question.holds, group])
    rest = (question.counted, question.sort, question.limit)
    return Question(question.path + path, question.form, holds, *rest, named)
