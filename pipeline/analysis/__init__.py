"""From frames to sightings."""
