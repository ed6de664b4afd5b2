"""Recipes, and the trainer that runs them."""
