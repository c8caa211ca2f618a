"""A tree over a backend, without a mount."""

from __future__ import annotations

from allocfs.backend.base import Backend
from allocfs.moments.catalogue import Catalogue
from allocfs.vfs.branches import Branches
from allocfs.vfs.files import Account
from allocfs.vfs.limits import Budget
from allocfs.vfs.moments import MomentNames
from allocfs.vfs.queries import RecentQueries
from allocfs.vfs.stats import Stats
from allocfs.vfs.tree import Tree


def tree_of(backend: Backend, has_control: bool = False) -> Tree:
    catalogue = Catalogue()
    branches = Branches(backend, {}, catalogue, Account(Stats(), Budget(1 << 24)))
    return Tree(branches, MomentNames(catalogue), RecentQueries(9), has_control)
