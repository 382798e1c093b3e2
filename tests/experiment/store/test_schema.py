import os

import pytest

from simslab.base.errors import UserError
from simslab.experiment.store.schema import Lock, connect
from simslab.experiment.store.store import Store


def test_a_lock_is_held_by_one(tmp_path):
    path = tmp_path / "a.db"
    lock = Lock(path)
    with pytest.raises(UserError, match="another sweep is writing"):
        Lock(path)
    lock.release()
    Lock(path).release()


def test_an_empty_file_becomes_a_store(tmp_path):
    path = tmp_path / "a.db"
    path.touch()
    connect(path, write=True).close()
    connect(path, write=False).close()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_nobody_may_write_to(swept, tmp_path):
    closed = tmp_path / "closed"
    closed.mkdir()
    (closed / "a.db").write_bytes(swept.read_bytes())
    closed.chmod(0o555)
    with pytest.raises(UserError, match="cannot be written"):
        Store.create(closed / "new.db")
    with Store.open(closed / "a.db") as store:
        assert len(store.cells()) == 4


def test_a_store_below_what_is_no_folder_is_one_message(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="cannot be written"):
        Store.create(tmp_path / "file" / "a.db")
