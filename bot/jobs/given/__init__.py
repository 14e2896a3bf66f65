"""What a job was given, from wherever it is."""
