"""What looks at emitted templates: lints them, draws them, and writes the pages about them."""
