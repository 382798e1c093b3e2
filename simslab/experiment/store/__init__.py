"""The one file that holds the results of a sweep."""
