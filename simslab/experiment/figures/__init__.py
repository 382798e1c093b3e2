"""The figures by which runs are judged, chosen by name."""
