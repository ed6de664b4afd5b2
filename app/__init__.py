"""The studio: the page, its visitors and their work."""
