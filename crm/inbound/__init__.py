"""Mail that comes in: fetched or called in, read in a child process, and what it sets in motion.

docs/delivery.md has its tables. Imports outbox. Begin with arrivals.py; parsing/ is the pure part.
"""
