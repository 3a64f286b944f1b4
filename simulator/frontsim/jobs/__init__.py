"""Right list -> resend jobs in small files, and twenty that are broken on purpose, each in one way."""
