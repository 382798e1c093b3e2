from simslab.report.views.numastat import numastat_text


def test_the_table_has_the_columns_of_numastat(measurement):
    lines = numastat_text(measurement.nodes).splitlines()
    assert lines[0] == "                           node0           node1"
    assert lines[1] == "numa_hit                      61              58"
    assert [line.split()[0] for line in lines[1:]] == [
        "numa_hit",
        "numa_miss",
        "numa_foreign",
        "interleave_hit",
        "local_node",
        "other_node",
    ]
