"""The `convcore` command: needs the `[cli]` extra (typer, rich, matplotlib, Pillow)."""
