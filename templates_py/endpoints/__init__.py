"""VPC endpoints for a VPC without NAT: a stack of its own, deployed before the platform, or not at all."""
