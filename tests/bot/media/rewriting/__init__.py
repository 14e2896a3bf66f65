"""Files that are written anew."""
