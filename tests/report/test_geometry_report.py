import json

import pytest

from simslab.base.errors import UserError
from simslab.report.geometry_report import choose, document, lines
from simslab.slab_common import flags as fl


def test_the_choice_is_told_with_every_rejected_order():
    told = "\n".join(lines(choose(2752, 64, 0, False)))
    assert "slab of order 1 (8192 bytes): 2 objects, 2688 bytes hold none" in told
    assert "order 0: 1 objects, 1344 bytes left: 1344 of 4096 bytes wasted, over 1/8: try the next order" in told
    assert "  * OBJFREELIST order 1" in told


def test_the_cache_that_holds_the_freelist_is_named():
    assert "freelist of 16 bytes in a kmalloc object (OFF) from kmalloc-32" in lines(
        choose(256, 0, fl.SLAB_TYPESAFE_BY_RCU, False)
    )


def test_the_document_is_plain_json():
    values = json.loads(json.dumps(document(choose(192, 0, 0, False))))
    assert (values["num"], values["limit"], values["mgmt"]) == (21, 120, "OBJFREELIST")
    assert values["attempts"][0]["taken"] is True


def test_failure_is_told():
    assert lines(choose((4 << 20) + 8, 0, 0, False))[0] == "no order fits: creation fails with -E2BIG"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [((64, 3, 0), "power of two"), ((64, 0, 1), "not permitted"), ((0, 0, fl.SLAB_HWCACHE_ALIGN), "hangs")],
)
def test_impossible_requests_are_the_users_mistake(arguments, message):
    with pytest.raises(UserError, match=message):
        choose(*arguments, False)
