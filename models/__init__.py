"""Images in, arrays out: networks, their cards and engines."""
