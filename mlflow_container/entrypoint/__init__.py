"""What runs in MLflow's container: `python -m entrypoint migrate|server|health`, configured by environment alone.

docs/mlflow.md says what each variable and each error means.
"""
