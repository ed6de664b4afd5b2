"""What a person can do, one module for each step of the page. No gradio here: tests drive the verbs directly."""
