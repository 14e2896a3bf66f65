"""What Discord is told, when Discord fails."""
