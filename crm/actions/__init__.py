"""Every write that touches more than one row. Views and the admin call these and nothing deeper."""
