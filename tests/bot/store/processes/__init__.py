"""What processes must do one after the other, or only once among them."""
