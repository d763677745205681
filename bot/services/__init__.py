"""What happens: one function for each thing that happens, each in its own transaction."""
