"""What is started: the demo, the playground, the pictures, and the processes that they run."""
