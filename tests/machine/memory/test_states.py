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


def test_masks_begin_above_what_else_is_in_the_first_word_of_a_row():
    assert states.MODIFIED <= states.L3_STATE == (1 << states.FIRST_CORE) - 1
    assert states.MOST_DOMAINS <= states.DOMAIN_MASK == (1 << states.FORWARDER) - 1
    assert states.NAMES == (1 << states.FIRST_DOMAIN) - 1 == states.DOMAIN_MASK << states.FORWARDER | states.DOMAIN_MASK


def test_what_stands_in_place_of_a_core_is_none():
    assert states.NOBODY != states.SEVERAL
    assert max(states.NOBODY, states.SEVERAL) < 0
