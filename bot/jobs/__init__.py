"""What a worker is asked to do: RQ's entry points, a few lines each."""
