"""What several tests share: small shops, frames, and the oracle."""
