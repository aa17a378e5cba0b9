"""Tests of the plugin for Anthropic."""
