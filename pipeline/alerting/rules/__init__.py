"""Rules: from the tracks of one camera to events, by geometry and time alone."""
