"""AWS: S3 and Textract, and the access that they share."""
