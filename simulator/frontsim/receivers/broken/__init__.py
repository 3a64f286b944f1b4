"""Receivers that are wrong on purpose, each with one bug that real receivers have had."""
