"""What runs the project on one machine: services, supervisor, mail sink, checks."""
