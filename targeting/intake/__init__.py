"""Sources become clean frames and refused rows."""
