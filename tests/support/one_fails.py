"""Memory that is missing once."""


class OneFails:
    """Given to `set_failslab`: fails the request of that number, from 1; counts them all."""

    def __init__(self, number):
        self.number = number
        self.asked = 0

    def should_failslab(self, cache, flags):
        self.asked += 1
        return self.asked == self.number
