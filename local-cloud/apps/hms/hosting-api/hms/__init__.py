"""Hosting manager."""
