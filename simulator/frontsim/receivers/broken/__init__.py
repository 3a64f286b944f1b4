"""Receivers that are wrong on purpose, each with one bug that real ones have had."""
