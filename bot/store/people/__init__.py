"""What is kept of people and servers beside jobs, credits and rules."""
