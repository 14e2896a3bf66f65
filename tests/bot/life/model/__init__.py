"""A model of the whole life of jobs and credits, and the bot beside it."""
