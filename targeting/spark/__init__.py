"""A run on Apache Spark: executors read, hold and add up purchases, the driver decides."""
