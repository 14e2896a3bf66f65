"""What people type and paste, and what it means."""
