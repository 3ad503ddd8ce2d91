"""The public face: patient education and the request for help."""
