"""What happens: one function per thing that happens, each owning its transaction."""
