"""The examples of docs/client.md, run against a mount."""

from __future__ import annotations

import doctest
import os
from pathlib import Path

from tests.conftest import Mounter, wait_until
from tests.support import ROOT


def test_the_examples_give_the_results_on_the_page(mounts: Mounter, tmp_path: Path) -> None:
    root = mounts("cpus=4,history=0.2s*1000")
    wait_until(lambda: bool(os.listdir(root / "history")), "there is a sample")
    page = (ROOT / "docs/client.md").read_text()
    page = page.replace("/tmp/", f"{tmp_path}/").replace("/mnt/alloc", str(root))
    examples = doctest.DocTestParser().get_doctest(page, {}, "docs/client.md", None, 0)
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
    assert runner.run(examples) == (0, len(examples.examples))
    assert len(examples.examples) > 50
