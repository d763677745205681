"""Reports: each day's events become figures at night, and pages read figures."""
