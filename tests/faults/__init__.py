LEASE_SECONDS = 3  # of the workers in rehearsals
