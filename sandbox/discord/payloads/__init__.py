"""What is true here, as JSON: complete as Discord's documentation has it."""
