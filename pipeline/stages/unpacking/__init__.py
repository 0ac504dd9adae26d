"""The parts of unpacking: ZIP and TAR over anything that can be read at an offset, and manifests."""
