"""What stands behind the page: its document, who may come in, what a tester can set."""
