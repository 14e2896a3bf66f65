"""What may be had for which price: the cards before a job starts."""
