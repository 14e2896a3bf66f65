"""What the processes of one bot have between them on a database that they share."""
