"""What Discord is told while a job goes on: its status card, its finished post, the audit channel.

Ask it to tell; each may be asked again after a crash and still shows one card and one post.
"""
