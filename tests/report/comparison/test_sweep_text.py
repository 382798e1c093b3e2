from simslab.report.comparison.sweep_text import LEVELLED, MetricTable, PointRow, SweepTable, aligned, sweep_text


def table(*rows, **more):
    metric = MetricTable("latency.p99", "ns", "lower", rows)
    fields = {"machine": "m", "workload": "w", "settings": ("scale=0.1",), "base": "a", "correction": "",
              "metrics": (metric,), "best": (), "notes": ()}  # fmt: skip
    return SweepTable(**{**fields, **more})


BASE = PointRow("a", 3, 100.0, 90.0, 110.0)
FAR = PointRow("b" * 150, 3, 1234567.0, 1.0, 2.0, 100.0, 20.0, 10.0, 30.0)


def test_long_names_and_figures_are_never_cut():
    text = sweep_text(table(BASE, FAR))
    assert "b" * 150 in text
    assert "1,234,567" in text
    assert "+20.0  +10.0 .. +30.0" in text


def test_verdicts_follow_the_interval():
    rows = [
        FAR,
        PointRow("c", 3, 1.0, 0.0, 2.0, 1.0, -1.0, -2.0, -0.5),
        PointRow("d", 3, 1.0, 0.0, 2.0, 1.0, 1.0, -2.0, 4.0),
        PointRow("e", 1, 1.0, None, None, 1.0, 1.0),
        PointRow("f", 3, 1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0, True),
        BASE,
    ]
    assert [row.verdict() for row in rows] == ["higher", "lower", "noise", "no interval", "equal", ""]


def test_the_text_says_what_intervals_mean():
    assert "each for itself" in sweep_text(table(BASE))
    assert "held together (Bonferroni-t, 3 comparisons)" in sweep_text(
        table(BASE, correction="Bonferroni-t, 3 comparisons")
    )


def test_notes_and_claims_are_printed():
    text = sweep_text(table(BASE, best=("p99: best is a",), notes=("a note",)), ["another"])
    assert all(part in text for part in ("p99: best is a", "a note", "another"))


def test_columns_without_content_are_left_out():
    assert aligned([["a", "b", "c"], ["1", "-", "3"], ["1", "", "5"]]).splitlines()[0] == "a  c"


def test_means_that_are_not_over_the_bases_seeds_are_told():
    def told(row):
        return LEVELLED in sweep_text(table(metrics=(MetricTable("latency.mean", "ns", "lower", (BASE, row)),)))

    assert told(PointRow("few", 2, 1.0, 0.0, 2.0, 1.0, -1.0, -2.0, -0.5, levelled=True))
    assert not told(PointRow("all", 3, 1.0, 0.0, 2.0, 1.0, -1.0, -2.0, -0.5))


def test_points_that_have_no_seed_of_the_base_are_named_apart():
    def told(*labels):
        return table(BASE, *(PointRow(label, 1, 1.0, apart=True) for label in labels)).levelled

    assert told() == ()
    assert told("b") == ("b has no seed of the base; its mean stands for itself.",)
    assert told("b", "c") == ("b; c have no seed of the base; their means stand for themselves.",)
    assert told(*"bcdef") == ("5 points have no seed of the base; their means stand for themselves.",)
    levelled = PointRow("few", 2, 1.0, 0.0, 2.0, 1.0, -1.0, -2.0, -0.5, levelled=True)
    assert table(BASE, levelled, PointRow("b", 1, 1.0, apart=True)).levelled == (
        LEVELLED,
        "b has no seed of the base; its mean stands for itself.",
    )
