"""Hydra's systems as nested CloudFormation templates: `python -m templates_py synth` writes them to build/."""
