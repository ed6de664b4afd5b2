"""A textured mesh of a lifted object by an installed TRELLIS or TRELLIS.2 (paper section 5.3)."""
