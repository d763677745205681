"""Loops: enrollments that are opened, moved on by answers, silence and reports, and ended; their texts when due."""
