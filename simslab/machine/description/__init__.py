"""What a machine file may say, whether its parts fit together, and machines by name."""
