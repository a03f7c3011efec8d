"""The image that MLflow's server runs from: its tag, its build and its push."""
