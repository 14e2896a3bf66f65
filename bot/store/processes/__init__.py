"""What the processes of one bot must do one after the other, or only once among them."""
