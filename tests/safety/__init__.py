"""Browser safety, forged requests, secrets, logs and errors: the S-lines of the reliability list that are about every door alike."""
