"""Spoiled files, requests and answers by the thousand, and what must hold whatever they are."""
