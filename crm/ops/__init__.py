"""For whoever runs the site: health, metrics, logs, and jobs of which one runs at a time.

Imports models. Begin with health.py.
"""
