"""Times in templates."""
