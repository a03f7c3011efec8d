"""Hydra's remote_state: the bucket that SAM packages into, and the lock table of a Terraform backend."""
