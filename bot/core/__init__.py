"""The pure core: what a text means, what happens next, whether a message may go out. No I/O, no clock, no log."""
