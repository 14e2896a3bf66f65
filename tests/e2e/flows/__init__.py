"""What members and moderators do, each way driven to its end in a real browser."""
