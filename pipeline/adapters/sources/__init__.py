"""Where sources of bulk ingestions lie: local disks and S3."""
