"""The other processes of this bot, where several run on one database: which there are, and which of
them does what is to be done once."""
