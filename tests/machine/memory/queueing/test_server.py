import heapq
import random

import pytest

from simslab.machine.memory.queueing.server import ServerArray


def busy_until_delay(arrivals, service):
    """Mean queueing of a server with one busy-until time: exact when requests come in order of time."""
    free, total = 0.0, 0.0
    for now in arrivals:
        start = max(free, now)
        total += start - now
        free = start + service
    return total / len(arrivals)


def poisson(load, service, count, seed):
    rng, now, arrivals = random.Random(seed), 0.0, []
    for _ in range(count):
        now += rng.expovariate(load / service)
        arrivals.append(int(now))
    return arrivals


def test_an_idle_server_does_not_delay():
    assert ServerArray([4096]).request(0, 1000) == 0


def test_an_unlimited_server_never_delays():
    server = ServerArray([0])
    assert max(server.request(0, 5) for _ in range(1000)) == 0
    assert server.lines(0) == 1000


def run_ahead(arrivals, cpus, quantum):
    """The same requests as CPUs would make them that each run ahead by up to `quantum` cycles in turn."""
    queues = [arrivals[cpu::cpus] for cpu in range(cpus)]
    order, until = [], 0
    while len(order) < len(arrivals):
        until += quantum
        for cpu, queue in enumerate(queues):
            order += [now for now in queue if now < until]
            queues[cpu] = [now for now in queue if now >= until]
    return order


def mean_delay(arrivals, service=8):
    server = ServerArray([service * 1024])
    return sum(server.request(0, now) for now in arrivals) / len(arrivals)


@pytest.mark.parametrize("load", [0.1, 0.3, 0.5, 0.7])
def test_queueing_is_near_that_of_a_busy_until_server(load):
    arrivals = poisson(load, 8, 40_000, seed=1)
    exact = busy_until_delay(arrivals, 8)
    assert mean_delay(arrivals) == pytest.approx(exact, rel=0.15)


@pytest.mark.parametrize("load", [0.1, 0.3, 0.5, 0.7])
def test_cpus_that_run_ahead_neither_reserve_the_future_nor_hide_their_load(load):
    arrivals = poisson(load, 8, 20_000, seed=2)
    exact = busy_until_delay(arrivals, 8)
    assert mean_delay(run_ahead(arrivals, 8, 10_000)) == pytest.approx(exact, rel=0.15)


@pytest.mark.parametrize("service", [16, 32, 64])
@pytest.mark.parametrize("load", [0.3, 0.5, 0.7])
def test_slow_servers_whose_buckets_hold_few_lines_do_not_delay_more_than_a_busy_until_server(service, load):
    arrivals = poisson(load, service, 40_000, seed=1)
    assert mean_delay(arrivals, service) == pytest.approx(busy_until_delay(arrivals, service), rel=0.15)


@pytest.mark.parametrize("ahead", [False, True])
@pytest.mark.parametrize("service", [64, 128])
@pytest.mark.parametrize("load", [0.8, 0.9])
def test_a_backlog_that_outlasts_its_bucket_is_not_counted_again_in_the_next(load, service, ahead):
    arrivals = poisson(load, service, 20_000, seed=1)
    delay = mean_delay(run_ahead(arrivals, 8, 10_000) if ahead else arrivals, service)
    assert 0.9 <= delay / busy_until_delay(arrivals, service) <= 1.4


@pytest.mark.parametrize("ahead", [False, True])
@pytest.mark.parametrize("service", [1_000, 4_000, 20_000])
@pytest.mark.parametrize("load", [0.3, 0.6, 0.9])
def test_a_line_that_fills_a_bucket_does_not_make_others_wait_for_many_such(load, service, ahead):
    arrivals = poisson(load, service, 5_000, seed=1)
    delay = mean_delay(run_ahead(arrivals, 8, 10_000) if ahead else arrivals, service)
    assert 0.7 <= delay / busy_until_delay(arrivals, service) <= 1.4


@pytest.mark.parametrize("ask", ["request", "ask"])
def test_what_is_too_much_for_a_bucket_waits_in_the_next_even_if_a_cpu_ahead_has_begun_that_before(ask):
    early, late = [16 * i for i in range(128)], [2148, 4200]
    backlogs = []
    for order in (early + late, late + early):
        server = ServerArray([64 * 1024])
        for now in order:
            server.request(0, now) if ask == "request" else server.ask(0, now, 64 * 1024)
        server.ask(0, 4200, 64 * 1024)
        backlogs.append(server.backlog // 1024)
    assert backlogs[0] == backlogs[1] == 130 * 64 - 3 * 2048  # asked for, less what three buckets serve


@pytest.mark.parametrize("ahead", [False, True])
def test_a_burst_that_outlasts_a_bucket_is_not_forgotten_where_a_cpu_ahead_has_skipped_that(ahead):
    server = ServerArray([64 * 1024])
    server.request(0, 0)
    if ahead:
        server.request(0, 6 * 2048)
    for _ in range(100):  # 6,400 cycles of work, behind which nobody asks before bucket 3
        server.request(0, 2048 + 100)
    server.ask(0, 3 * 2048 + 50, 1)
    assert server.backlog // 1024 == 6400 - 3 * 2048


@pytest.mark.parametrize("exact", [0, 1])
@pytest.mark.parametrize("later", [3_000, 9_000, 25_000])
def test_a_burst_is_worked_off_at_the_bandwidth_even_while_nothing_is_asked(later, exact):
    server = ServerArray([64 * 1024], exact)
    for _ in range(500):
        server.request(0, 10)
    left = 500 * 64 - later
    assert server.request(0, 10 + later) == pytest.approx(left, abs=2_048)


@pytest.mark.parametrize("exact", [0, 1])
def test_of_servers_in_a_row_one_alone_holds_back_what_is_too_much_for_all(exact):
    server, alone = ServerArray([16 * 1024] * 3, exact), ServerArray([16 * 1024], exact)
    for now in range(0, 32_000, 8):
        waited = server.request(0, now)
        for behind in (1, 2):
            waited += server.request_after(behind, now, waited)
        expected = alone.request(0, now)
    assert waited == pytest.approx(expected, rel=0.01)
    assert expected > 30_000


@pytest.mark.parametrize("exact", [0, 1])
@pytest.mark.parametrize("each", [40, 400])
def test_flows_that_join_and_leave_share_servers_in_a_row_and_none_serves_more_than_it_can(each, exact):
    """`each` requesters of three kinds: of both servers, of the second, of the first; each asks again when answered."""
    server, end = ServerArray([10 * 1024] * 2, exact), 200_000
    waiting, answered = [(ident % 97, ident) for ident in range(3 * each)], [0, 0, 0]
    heapq.heapify(waiting)
    while waiting[0][0] < end:
        now, ident = heapq.heappop(waiting)
        kind = ident % 3
        waited = server.request(0, now) if kind != 1 else 0
        if kind != 2:
            waited += server.request_after(1, now, waited)
        answered[kind] += end // 4 < now + waited < end
        heapq.heappush(waiting, (now + 200 + waited, ident))
    most = (end - end // 4) / 10
    assert max(answered[0] + answered[1], answered[0] + answered[2]) <= 1.02 * most
    assert [share / most for share in answered] == pytest.approx([0.5, 0.5, 0.5], abs=0.05)


def test_a_backlog_of_millions_of_cycles_is_a_full_load():
    server = ServerArray([1000 * 1024])
    for _ in range(5_000):
        server.request(0, 20_480)
    assert server.ask(0, 20_481, 1024) == 2048 * 1024


def test_a_line_that_has_waited_queues_for_what_is_left_of_a_slower_server():
    server = ServerArray([1024, 4 * 1024], 1)
    for _ in range(10):
        waited = server.request(0, 0)
        behind = server.request_after(1, 0, waited)
    assert (waited, behind) == (9, 27)


def test_an_overloaded_server_builds_a_backlog_and_recovers():
    server = ServerArray([64 * 1024])
    delays = [server.request(0, 10_000 + i * 32) for i in range(200)]
    assert delays[-1] > delays[0]
    assert delays[-1] > 1500
    assert server.request(0, 200_000) == 0


def test_the_steady_average_is_over_each_bucket_that_has_settled_idle_ones_included():
    """Requests at the first cycle of a bucket, whose load is what came before in it and the last, or the average.

    The average, unless what came before is more by three deviations of as many requests at random.
    """
    draws, server = random.Random(5), ServerArray([1024])
    ring: dict[int, tuple[int, int]] = {}  # by slot: bucket, service asked of it
    steady = newest = 0
    number = 100

    def asked(bucket):
        stamp, service = ring.get(bucket % 64, (-1, 0))
        return service if stamp == bucket else 0

    for _ in range(2000):
        number += draws.choice([0, 0, 0, 1, 1, 2, 5, 8, 9, 30, 63, 64, 65, 71, 73, 300])
        ring[number % 64] = number, asked(number)
        if number - newest > 64:
            newest, steady = number - 64, 0
        for bucket in range(newest + 1, number + 1):
            steady += (asked(bucket - 8) - steady) >> 3
        newest = number
        service = draws.choice([1024, 100_000, 300_000])
        if asked(number) + service < 2048 * 1024:
            load = server.ask(0, number * 2048, service)
            more = asked(number) + asked(number - 1) - steady
            beyond_chance = more > 0 and (more > 2048 * 1024 or more // 1024 * more > 9 * steady)
            assert load == (more + steady if beyond_chance else steady)
            ring[number % 64] = number, asked(number) + service
        else:
            number += 1
