"""What is kept of people and servers beside jobs and credits."""
