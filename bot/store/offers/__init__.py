"""What waits for its requester's word: being asked, and how it is answered."""
