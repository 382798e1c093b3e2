"""Queues for what serves one request at a time: channels and links, caches, a line that several cores want."""
