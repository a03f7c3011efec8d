"""The gate that decides what may be deployed: scanners and relations over the flattened templates, and a register."""
