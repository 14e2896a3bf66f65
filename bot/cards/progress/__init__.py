"""How a job goes on, as its card tells it."""
