"""What the processes of one bot know of one another's jobs, beside what is saved of them."""
