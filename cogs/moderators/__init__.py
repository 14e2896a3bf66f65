"""What moderators and admins have: `/quota`, `/moderate`, `/settings`, and buttons on jobs."""
