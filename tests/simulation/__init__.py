"""A simulated clinic: many patients, staff at their desks, a carrier, and a month that takes minutes."""
