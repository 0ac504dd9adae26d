"""Vendor servers over HTTP for the tests and `make demo-cloud`: the real SDKs talk to them."""
