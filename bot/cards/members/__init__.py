"""What members read of what is theirs, beside their jobs and credits."""
