"""A job's life, hour by hour: the whole bot in this process, on clocks that tests move."""
