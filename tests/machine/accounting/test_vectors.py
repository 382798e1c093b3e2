from simslab.machine.accounting import vectors


def test_the_machines_own_vectors_lie_below_those_of_devices():
    own = (vectors.TIMER_VECTOR, vectors.RESCHEDULE_VECTOR, vectors.CALL_FUNCTION_VECTOR)
    assert len(set(own)) == 3
    assert max(own) < vectors.FIRST_DEVICE_VECTOR < vectors.NR_VECTORS
