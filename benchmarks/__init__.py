"""Measurements, as ratios within one run; tests never look at a clock."""
