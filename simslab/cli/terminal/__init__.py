"""What commands write to standard error while they work."""
