"""Moving clips: frames of a video, what was selected in them, and their lifts."""
