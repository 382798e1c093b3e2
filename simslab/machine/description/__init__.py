"""What a machine file may say: one declaration of each parameter."""
