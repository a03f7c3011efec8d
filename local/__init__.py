"""What runs on this machine in place of AWS."""
