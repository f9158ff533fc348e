"""Alerts that belong together become one incident, with a timeline and people who take care of it."""
