"""The branches of a mount: the present, and on demand moments, differences, trends and groups."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable

from allocfs.backend.base import Backend
from allocfs.moments.catalogue import Catalogue
from allocfs.moments.diff import DiffBackend
from allocfs.moments.frozen import FrozenBackend
from allocfs.moments.groups import GroupBackend
from allocfs.moments.identities import Identities
from allocfs.moments.trend import TrendBackend
from allocfs.moments.when import NOW, Between, Now, Past, SinceRead, When, Window, varies
from allocfs.query.language import Query
from allocfs.vfs.about import about_moment
from allocfs.vfs.branch import Branch, changed, changed_rows, rows_of
from allocfs.vfs.files import About, Account
from allocfs.vfs.nodes import Scope
from allocfs.vfs.select import Rules

MOST_BRANCHES = 64  # beside those of files that are open


class Branches:
    """The branch of each part of the tree."""

    def __init__(self, live: Backend, about: About, catalogue: Catalogue, account: Account) -> None:
        """Begin with the branch of the present."""
        self._catalogue = catalogue
        self._account = account
        self.present = Branch(live, about, account)
        self._identities: Identities | None = None
        self._branches: OrderedDict[Hashable, Branch] = OrderedDict()  # least used first

    def of(self, scope: Scope) -> Branch:
        """Return the branch of a part of the tree.

        Raises NoSuchMoment if a moment of it is gone, SourceFailed if it cannot be read.
        """
        when, query = scope.when, scope.query
        if query.group is not None:
            key = (when, query.group, query.tag_query)
            return self._cached(key, lambda: self._group(when, query))
        return self.present if when == NOW else self._cached(when, lambda: self._branch(when))

    @property
    def identities(self) -> Identities:
        """The identities of all tags, numbered from when they are first needed."""
        if self._identities is None:
            self._identities = Identities(self.present.backend.tags)
        return self._identities

    def over(self, backend: Backend, scope: Scope) -> Branch:
        """Return a branch of its own over a backend, for the queries of a scope."""
        about = about_moment(backend, scope.when)
        if scope.query.group is None:
            return Branch(backend, about, self._account)
        rows = GroupBackend(backend, scope.query)
        return Branch(rows, about, self._account, Rules(changed_rows))

    def _cached(self, key: Hashable, make: Callable[[], Branch]) -> Branch:
        branch = self._branches.get(key)
        if branch is None:
            branch = self._branches[key] = make()
            if len(self._branches) > MOST_BRANCHES:
                self._branches.popitem(last=False)
        else:
            self._branches.move_to_end(key)
        branch.backend.renew()
        return branch

    def forget(self) -> None:
        """Drop what the branches have cached."""
        for branch in (self.present, *self._branches.values()):
            branch.selector.forget()

    def drop(self) -> None:
        """Drop all branches but that of the present: a moment is gone."""
        self._branches.clear()

    def _branch(self, when: When) -> Branch:
        match when:
            case Past():
                return self._new(self._past(when), when)
            case Between():
                return self._difference(when)
            case Window():
                return self._new(self._trend(when), when)
            case Now() | SinceRead():
                return self.present

    def _difference(self, when: Between, whole: bool = False) -> Branch:
        before, after = map(self._end, (when.before, when.after))
        diff = DiffBackend(self.identities, before, after, whole)
        return self._new(diff, when, None if diff.is_frozen else changed)

    def _trend(self, when: Window) -> TrendBackend:
        record, length_ns = self._catalogue.record, when.length_ns
        return TrendBackend(
            self.identities, lambda: [named.moment() for named in record.since(length_ns)]
        )

    def _new(
        self, backend: Backend, when: When, query_of: Callable[[Query], Query] | None = None
    ) -> Branch:
        about = about_moment(backend, when)
        rules = Rules(query_of, varies(when), isinstance(when, Between))
        return Branch(backend, about, self._account, rules)

    def _end(self, when: Now | Past) -> Backend:
        return self.present.backend if isinstance(when, Now) else self._past(when)

    def _past(self, when: Past) -> FrozenBackend:
        return FrozenBackend(when.moment.moment())

    def _base(self, when: When) -> Branch:
        """Return a branch of all codetags: rows also sum those that do not differ."""
        if isinstance(when, Between) and not varies(when):
            return self._cached((when, "whole"), lambda: self._difference(when, whole=True))
        return self.of(Scope(when=when))

    def _group(self, when: When, query: Query) -> Branch:
        base = self._base(when)
        rows = GroupBackend(base.backend, query)
        is_change = isinstance(when, Between)
        query_of = changed_rows if is_change else rows_of
        rules = Rules(query_of, base.rules.varies, is_change)
        return Branch(rows, base.about, self._account, rules)
