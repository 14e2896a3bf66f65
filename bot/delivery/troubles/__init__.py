"""What keeps the bot from doing its part in a server, and who hears of it."""
