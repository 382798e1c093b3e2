"""Code that can be left in the midst of it and gone back to: a stack for each simulated CPU."""
