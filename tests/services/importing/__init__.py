"""Tests of loading files."""
