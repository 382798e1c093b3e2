"""lstopo's XML, read and written."""
