"""The whole service on S3, Textract and Gemini, through their SDKs, against the stand-ins."""
