"""What a run counts and holds as time goes by: its phases, and the arrays of one cache."""
