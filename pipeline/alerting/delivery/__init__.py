"""From the log of events to the subscribers: nothing lost, in order per incident, nobody delayed by another."""
