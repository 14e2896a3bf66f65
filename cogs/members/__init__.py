"""What everybody has: commands, plain direct messages, and the buttons of jobs' cards."""
