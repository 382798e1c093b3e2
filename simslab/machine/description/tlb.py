"""Translation of addresses: the entries of two levels of data TLB, and what a page walk takes."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from simslab.base.units import Duration
from simslab.machine.description.model import Count, SpecModel, cycles
from simslab.machine.description.parameter import Source, parameter


class TlbArraySpec(SpecModel):
    """The entries of one level for one page size."""

    entries: Count = parameter("translations that it holds", within=(1, 65536), source=Source.PUBLISHED)
    ways: Count | None = parameter("associativity; absent: fully associative", None, (1, 256), source=Source.PUBLISHED)


class TlbLevelSpec(SpecModel):
    """One level of data TLB; a page size left out has no entries in it."""

    page_4k: TlbArraySpec | None = Field(default=None, description="entries for 4 KiB pages")
    page_2m: TlbArraySpec | None = Field(default=None, description="entries for 2 MiB pages")
    page_1g: TlbArraySpec | None = Field(default=None, description="entries for 1 GiB pages")


class WalkSpec(SpecModel):
    """Loads of table lines in a page walk, by page size: what the paging-structure caches leave."""

    page_4k: Count = parameter("loads for a 4 KiB page", 1, (0, 4))
    page_2m: Count = parameter("loads for a 2 MiB page", 1, (0, 3))
    page_1g: Count = parameter("loads for a 1 GiB page", 1, (0, 2))


class TlbSpec(SpecModel):
    """Translation of addresses in each core."""

    direct_map: Literal["4K", "2M", "1G"] = parameter(
        "page size with which the kernel maps all memory", "1G", source=Source.CHOSEN
    )
    l1: TlbLevelSpec = Field(description="first level of the data TLB; hits cost nothing of their own")
    l2: TlbLevelSpec = Field(default=TlbLevelSpec(), description="second level")
    l2_hit: Duration = parameter("added to an access that only the second level translates", cycles(7))
    walk: Duration = parameter("added to one that neither does, beyond the loads of table lines")
    references: WalkSpec = Field(default=WalkSpec(), description="loads of table lines in a walk")
