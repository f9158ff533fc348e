"""From tracks, sightings and camera states to alerts, incidents and subscribers."""
