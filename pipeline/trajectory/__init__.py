"""The way somebody took over the cameras, and where she can be by now."""
