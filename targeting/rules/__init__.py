"""YAML becomes checked rules and one lazy Polars plan."""
