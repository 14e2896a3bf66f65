"""From a stance to a frame."""
