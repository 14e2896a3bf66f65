"""What Discord is told while a job goes on."""
