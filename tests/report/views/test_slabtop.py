"""slabtop's output, as the real slabtop (procps 3.3 and 4.0) prints it of the same /proc/slabinfo."""

from simslab.report.views.slabtop import read_slabinfo, slabtop_text

SLABINFO = """slabinfo - version: 2.1
# name            <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab> : tunables <limit> <batchcount> <sharedfactor> : slabdata <active_slabs> <num_slabs> <sharedavail>
pool_workqueue      1672   1984    256   16    1 : tunables  120   60    8 : slabdata    124    124     96
kmalloc-128          971    992    128   32    1 : tunables  120   60    8 : slabdata     31     31      0
ext4_inode_cache       0      0   1088   15    4 : tunables   24   12    8 : slabdata      0      0      0
"""  # noqa: E501
SLABTOP = """ Active / Total Objects (% used)    : 2643 / 2976 (88.8%)
 Active / Total Slabs (% used)      : 155 / 155 (100.0%)
 Active / Total Caches (% used)     : 2 / 3 (66.7%)
 Active / Total Size (% used)       : 539.38K / 620.00K (87.0%)
 Minimum / Average / Maximum Object : 0.12K / 0.21K / 1.06K

  OBJS ACTIVE  USE OBJ SIZE  SLABS OBJ/SLAB CACHE SIZE NAME
  1984   1672  84%    0.25K    124       16       496K pool_workqueue
   992    971  97%    0.12K     31       32       124K kmalloc-128
     0      0   0%    1.06K      0       15         0K ext4_inode_cache
"""


def test_the_output_equals_that_of_slabtop():
    assert [line.rstrip() for line in slabtop_text(SLABINFO).splitlines()] == SLABTOP.splitlines()


def test_names_with_spaces_and_statistics_columns_are_read():
    lines = SLABINFO.splitlines()
    lines[2] = lines[2].replace("pool_workqueue", "my cache") + " : globalstat 1 2 3"
    assert read_slabinfo("\n".join(lines))[0].name == "my cache"
    assert read_slabinfo("\n".join(lines))[0].num_slabs == 124


def test_nothing_is_divided_by():
    assert " Active / Total Objects (% used)    : 0 / 0 (0.0%)" in slabtop_text("slabinfo - version: 2.1\n# name\n")
