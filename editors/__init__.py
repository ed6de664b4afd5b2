"""2D editors, pixels in and pixels out, and the pipeline that makes 3D edits of them."""
