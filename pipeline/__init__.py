"""The flow: frames to sightings, archive and hits."""
