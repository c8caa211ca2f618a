"""The examples of docs/client.md, run against a mount."""

from __future__ import annotations

import doctest
from pathlib import Path

from tests.conftest import Mounter
from tests.support import ROOT


def test_the_examples_give_the_results_on_the_page(mounts: Mounter, tmp_path: Path) -> None:
    page = (ROOT / "docs/client.md").read_text()
    page = page.replace("/tmp/", f"{tmp_path}/").replace("/mnt/alloc", str(mounts("cpus=4")))
    examples = doctest.DocTestParser().get_doctest(page, {}, "docs/client.md", None, 0)
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
    assert runner.run(examples) == (0, len(examples.examples))
    assert len(examples.examples) > 30
