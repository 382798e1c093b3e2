"""Published measurements, and what the model says to each."""
