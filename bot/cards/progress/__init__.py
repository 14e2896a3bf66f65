"""How a job goes on, as its card tells it: what can change there, and what is said of time."""
