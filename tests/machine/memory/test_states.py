from simslab.machine.memory import states


def test_states_are_numbered_in_the_order_of_what_they_allow():
    assert (states.SHARED, states.EXCLUSIVE, states.MODIFIED) == (1, 2, 3)
    assert [states.STATE_NAMES[state] for state in (states.SHARED, states.EXCLUSIVE, states.MODIFIED)] == [
        "S",
        "E",
        "M",
    ]


def test_a_state_fits_the_low_bits_of_a_word():
    assert states.MODIFIED <= states.STATE_MASK == (1 << states.STATE_BITS) - 1


def test_masks_follow_the_other_words_of_a_row():
    assert states.L3_STATE < states.CORES
    assert max(states.OWNER, states.FORWARDER) < states.DOMAINS


def test_what_stands_in_place_of_a_core_is_none():
    assert states.NOBODY != states.SEVERAL
    assert max(states.NOBODY, states.SEVERAL) < 0
