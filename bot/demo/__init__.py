"""The demo: an emulated phone network, sample data and the parent of all processes."""
