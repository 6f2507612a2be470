"""Decisions and suggestions become files that people and other systems open."""
