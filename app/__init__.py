"""The studio: the page, its visitors and their work."""

from app.stubs import write_no_stubs

write_no_stubs()
