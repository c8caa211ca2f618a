"""The descriptor: its owner closes it, whatever happens."""

from __future__ import annotations

import errno
import os

import pytest

from allocfs.descriptor import Descriptor


def test_a_descriptor_is_closed_though_its_block_raises() -> None:
    descriptor = Descriptor(os.open("/dev/null", os.O_RDONLY))
    with pytest.raises(KeyError), descriptor:
        raise KeyError
    with pytest.raises(OSError) as raised:
        os.fstat(descriptor.fd)
    assert raised.value.errno == errno.EBADF
