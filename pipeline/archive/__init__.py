"""Where sightings are kept and found."""
