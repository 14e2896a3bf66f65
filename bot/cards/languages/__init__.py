"""What a card says, in its reader's language: English in the code, the others in catalogues."""
